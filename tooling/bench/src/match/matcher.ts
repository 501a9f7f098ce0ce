import type { Target } from './route-set.ts'

/** How long something took: on the clock, and of all processors, which a busy neighbour changes less. */
export interface BuildTime {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Starts a clock; what it answers reads it. */
export function startClock(): () => BuildTime {
  const begin = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { wallMs: performance.now() - begin, cpuMs: (user + system) / 1_000 }
  }
}

/** Something that finds the route of a request. */
export interface Matcher {
  readonly name: string
  /** Time to make it ready, from its configuration. */
  readonly build: BuildTime
  /** Answers something that differs between found and not found. */
  find(target: Target): unknown
  /** Whether a request was found, from what `find` answered. */
  isFound(answer: unknown): boolean
}
