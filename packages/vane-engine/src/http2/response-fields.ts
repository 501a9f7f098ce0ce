import { HeaderList } from 'vane-core'
import { isHostOwned } from '../http1/hop-by-hop.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'

/** A response head without what belongs to the connection it came by. */
export interface Http2ResponseHead {
  /** 100–599, without 101. */
  readonly status: number
  readonly headers: HeaderList
  /** Declared length of the content in bytes, also where the content itself does not come (HEAD, 304). */
  readonly length: number | undefined
}

const STATUS = /^[1-5][0-9]{2}$/
const DIGITS = /^[0-9]{1,15}$/

/**
 * Makes a response head of a field block (RFC 9113 §8.3.2).
 *
 * @throws Error that says what is wrong with it.
 */
export function parseResponseFields({ pairs, isTooLarge, fault }: FieldBlock): Http2ResponseHead {
  if (isTooLarge) throw new Error('header fields that are too large')
  if (fault !== undefined) throw new Error(fault)
  const status = pairs[1]
  if (pairs[0] !== ':status' || status === undefined || !STATUS.test(status)) throw new Error('no valid :status')
  // HTTP/2 has no upgrades (RFC 9113 §8.6).
  if (status === '101') throw new Error('a switch of protocols that nobody asked for')
  const fields: string[] = []
  let length: number | undefined
  for (let at = 2; at < pairs.length; at += 2) {
    const name = pairs[at]!
    const value = pairs[at + 1]!
    if (name.startsWith(':')) throw new Error('a pseudo-header field too many')
    if (name === 'content-length') {
      if (length !== undefined || !DIGITS.test(value)) throw new Error('a malformed content-length')
      length = Number(value)
    } else if (CONNECTION_FIELDS.has(name)) throw new Error(`field ${name}, which HTTP/2 does not have`)
    else if (!isHostOwned(name)) fields.push(name, value)
  }
  return { status: Number(status), headers: HeaderList.fromChecked(fields), length }
}

const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
