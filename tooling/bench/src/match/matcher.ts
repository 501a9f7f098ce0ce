import type { Target } from './route-set.ts'

/** Something that finds the route of a request. */
export interface Matcher {
  readonly name: string
  /** Time to make it ready, from its configuration. */
  readonly buildMs: number
  /** Answers something that differs between found and not found. */
  find(target: Target): unknown
  /** Whether a request was found, from what `find` answered. */
  isFound(answer: unknown): boolean
}
