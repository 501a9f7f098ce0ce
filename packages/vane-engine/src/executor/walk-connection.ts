import type { LinkedGraph } from '../link/linked-graph.ts'
import { NO_NODE, OP_UPGRADE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { matchFrom } from './match-from.ts'

/**
 * Takes a connection through the graph's L4 phases, where there is no message yet.
 *
 * @returns the node after `upgrade`, where its requests begin, or {@link NO_NODE} where the connection is to be dropped.
 */
export function walkConnection(graph: LinkedGraph, connection: Connection): number {
  const entry = graph.entries.get(connection.entryKey)
  if (entry === undefined) return NO_NODE
  const node = graph.nodes[matchFrom(graph, entry, { connection, request: undefined, recorder: undefined })]
  return node?.op === OP_UPGRADE ? node.next : NO_NODE
}
