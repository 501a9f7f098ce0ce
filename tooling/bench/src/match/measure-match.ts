import { median } from '../report/summarise.ts'
import type { Matcher } from './matcher.ts'
import { makeTargets, type Route } from './route-set.ts'

/** What finding a route costs. */
export interface MatchFigures {
  readonly medianNs: number
  readonly minNs: number
}

// Matchers take turns, so that a busy neighbour hits all of them; each stays long enough to have its data in the processor's
// caches again, as the only one there is would.
const TURNS = 12
const SETTLING_ROUNDS = 15
const TIMED_ROUNDS = 20
// Few enough that making and reading them does not push everything else out.
const TARGETS = 2_000

/**
 * Times matchers: the median and the best of the rounds.
 *
 * @throws if a matcher does not find what it should: then its time says nothing.
 */
export function measureMatch(matchers: readonly Matcher[], routes: readonly Route[]): MatchFigures[] {
  const times = matchers.map((): number[] => [])
  for (let turn = 0; turn < TURNS; turn++) {
    matchers.forEach((matcher, index) => {
      for (let round = -SETTLING_ROUNDS; round < TIMED_ROUNDS; round++) {
        const ns = timeRound(matcher, routes)
        // The first turn also settles what the compiler makes of the code.
        if (round >= 0 && turn > 0) times[index]!.push(ns)
      }
    })
  }
  return times.map((list) => ({ medianNs: median(list), minNs: Math.min(...list) }))
}

function timeRound(matcher: Matcher, routes: readonly Route[]): number {
  // New texts each time: what has been hashed once would be found faster than anything from a socket.
  const targets = makeTargets(routes, TARGETS)
  let found = 0
  const begin = process.hrtime.bigint()
  for (const target of targets) if (matcher.isFound(matcher.find(target))) found++
  const ns = Number(process.hrtime.bigint() - begin) / TARGETS
  if (found < TARGETS * 0.85 || found > TARGETS * 0.95) throw new Error(`${matcher.name} found ${found} of ${TARGETS}`)
  return ns
}
