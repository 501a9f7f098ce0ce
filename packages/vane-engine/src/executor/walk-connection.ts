import type { LinkedGraph } from '../link/linked-graph.ts'
import { NO_NODE, OP_CHECK, OP_DISPATCH, OP_UPGRADE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'

/**
 * Takes a connection through the graph's L4 phases, where there is no message yet.
 *
 * @returns the node after `upgrade`, where its requests begin, or {@link NO_NODE} where the connection is to be dropped.
 */
export function walkConnection(graph: LinkedGraph, connection: Connection): number {
  let at = graph.entries.get(connection.entryKey) ?? NO_NODE
  for (;;) {
    const node = graph.nodes[at]
    switch (node?.op) {
      case OP_CHECK:
        at = node.test!(connection, undefined) ? node.onMatch : node.next
        break
      case OP_DISPATCH:
        at = graph.takeCase(node, connection)
        break
      case OP_UPGRADE:
        return node.next
      default:
        return NO_NODE
    }
  }
}
