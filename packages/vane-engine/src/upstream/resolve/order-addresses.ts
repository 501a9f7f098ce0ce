import type { ResolvedAddress } from './name-source.ts'

/**
 * In which order addresses are tried: each family begins with another one every time, the family that stands first stays
 * first, and those that have failed lately come last.
 *
 * @param turn counts connections.
 */
export function orderAddresses(
  addresses: readonly ResolvedAddress[],
  turn: number,
  hasFailed: (address: string) => boolean,
): ResolvedAddress[] {
  const [first] = addresses
  if (first === undefined || addresses.length === 1) return [...addresses]
  const own = addresses.filter(({ family }) => family === first.family)
  const others = addresses.filter(({ family }) => family !== first.family)
  const ordered = [...rotate(own, turn), ...rotate(others, turn)]
  return [
    ...ordered.filter(({ address }) => !hasFailed(address)),
    ...ordered.filter(({ address }) => hasFailed(address)),
  ]
}

function rotate<T>(list: readonly T[], turn: number): T[] {
  const from = list.length === 0 ? 0 : turn % list.length
  return [...list.slice(from), ...list.slice(0, from)]
}
