import type { HttpRequest } from 'vane-core'
import type { LinkedGraph } from '../link/linked-graph.ts'
import {
  ADDRESS_READER,
  CODE,
  CODE_CHECK,
  LOOKUP,
  NODE,
  NOT_HERE,
  ON_MATCH,
  ON_MISS,
  READER,
  TEST,
} from '../link/match-program.ts'
import type { Connection } from '../listen/connection.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'

/** What is matched. */
export interface MatchSubject {
  readonly connection: Connection
  /** `undefined` before `upgrade`. */
  readonly request: HttpRequest | undefined
  /** Told of every step, where somebody wants to know. */
  readonly recorder: TrajectoryRecorder | undefined
}

/**
 * Takes all checks and dispatches from a node on, to the first node that does something else or needs a body first.
 *
 * @param at node to begin with; where it is none of those, it is the answer.
 */
export function matchFrom(graph: LinkedGraph, at: number, { connection, request, recorder }: MatchSubject): number {
  const { code, starts, tests, readers, addressReaders, lookups } = graph.matching
  let step = starts[at]
  if (step === undefined || step === NOT_HERE) return at
  for (;;) {
    let way: number
    if (code[step + CODE] === CODE_CHECK) {
      const isMatch = tests[code[step + TEST]!]!(connection, request)
      way = code[step + (isMatch ? ON_MATCH : ON_MISS)]!
      if (recorder !== undefined) leave(graph, code[step + NODE]!, { recorder, branch: isMatch ? 'match' : 'miss' })
    } else {
      const bytes = code[step + ADDRESS_READER]!
      const address = bytes === NOT_HERE ? undefined : addressReaders[bytes]!(connection)
      const handle = step + LOOKUP
      way = lookups.find(handle, readers[code[step + READER]!]!(connection, request), address)
      if (recorder !== undefined) {
        const branch = way === lookups.defaultOf(handle) ? 'default' : 'case'
        leave(graph, code[step + NODE]!, { recorder, branch })
      }
    }
    if ((way & 1) !== 0) return way >> 1
    step = way >> 1
  }
}

function leave(
  graph: LinkedGraph,
  node: number,
  { recorder, branch }: { recorder: TrajectoryRecorder; branch: Parameters<TrajectoryRecorder['leave']>[2] },
): void {
  recorder.leave(node, graph.nodes[node]!, branch)
}
