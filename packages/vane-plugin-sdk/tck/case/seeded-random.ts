/** A whole number from 0 to below `end`. */
export type Random = (end: number) => number

/** Numbers that look like chance and are the same for a seed, on every machine (Mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return (end) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * end)
  }
}
