import type { HttpRequest } from 'vane-core'
import type { LinkedGraph } from '../link/linked-graph.ts'
import {
  ADDRESS_READER,
  CODE,
  CODE_CANDIDATE,
  CODE_CHECK,
  CODE_DISPATCH,
  DEFAULT,
  LOOKUP,
  NEXT,
  NODE,
  NOT_HERE,
  ON_MATCH,
  ON_MISS,
  ON_WIN,
  PLACE,
  READER,
  TEST,
} from '../link/match-program.ts'
import type { Connection } from '../listen/connection.ts'
import { BRANCH, KIND } from './step-codes.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'

/** After every rule. */
const NO_PLACE = 2 ** 31 - 1

/** What is matched. */
export interface MatchSubject {
  readonly connection: Connection
  /** `undefined` before `upgrade`. */
  readonly request: HttpRequest | undefined
  /** Told of every step, where somebody wants to know. */
  readonly recorder: Pick<TrajectoryRecorder, 'pass'> | undefined
}

/**
 * Takes all checks, look-ups and choices from a node on, to the first node that does something else or needs a body first.
 *
 * @param at node to begin with; where it is none of those, it is the answer.
 */
export function matchFrom(graph: LinkedGraph, at: number, { connection, request, recorder }: MatchSubject): number {
  const { code, starts, tests, readers, addressReaders, lookups } = graph.matching
  let step = starts[at]
  if (step === undefined || step === NOT_HERE) return at
  let first = NO_PLACE
  let won = 0
  for (;;) {
    let way: number
    let kind: number
    let branch: number
    switch (code[step + CODE]) {
      case CODE_CHECK: {
        const isMatch = tests[code[step + TEST]!]!(connection, request)
        way = code[step + (isMatch ? ON_MATCH : ON_MISS)]!
        kind = KIND.check
        branch = isMatch ? BRANCH.match : BRANCH.miss
        break
      }
      case CODE_DISPATCH: {
        const bytes = code[step + ADDRESS_READER]!
        const address = bytes === NOT_HERE ? undefined : addressReaders[bytes]!(connection)
        way = lookups.find(step + LOOKUP, readers[code[step + READER]!]!(connection, request), address)
        kind = KIND.dispatch
        branch = recorder !== undefined && way === lookups.defaultOf(step + LOOKUP) ? BRANCH.default : BRANCH.case
        break
      }
      case CODE_CANDIDATE: {
        const place = code[step + PLACE]!
        if (place < first) {
          first = place
          won = code[step + ON_WIN]!
        }
        way = code[step + NEXT]!
        kind = KIND.candidate
        branch = BRANCH.continue
        break
      }
      default: {
        const isChosen = first !== NO_PLACE
        way = isChosen ? won : code[step + DEFAULT]!
        kind = KIND.choose
        branch = isChosen ? BRANCH.match : BRANCH.default
        first = NO_PLACE
        break
      }
    }
    if (recorder !== undefined) recorder.pass(code[step + NODE]!, kind, branch, graph.nodes)
    if ((way & 1) !== 0) return way >> 1
    step = way >> 1
  }
}
