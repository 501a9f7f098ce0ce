import type { FieldBlock } from './hpack/hpack-decoder.ts'

/** What trailers have that no trailers may have; `undefined` where nothing is wrong. */
export function findTrailerFault({ pairs, isTooLarge, fault }: FieldBlock): string | undefined {
  if (isTooLarge) return 'trailers that are too large'
  if (fault !== undefined) return `trailers with ${fault}`
  for (let at = 0; at < pairs.length; at += 2)
    if (pairs[at]!.startsWith(':')) return 'trailers with a pseudo-header field'
  return undefined
}
