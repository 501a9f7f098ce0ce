/** A stream of numbers that a seed determines. */
export interface Random {
  /** Below a bound, which is a positive integer. */
  below(bound: number): number
  /** True with a probability. */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** Starts one (Tommy Ettinger's Mulberry32): good enough to vary inputs, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (bound) => Math.floor(next() * bound),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)]!,
  }
}
