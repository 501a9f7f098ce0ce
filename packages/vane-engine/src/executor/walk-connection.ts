import type { LinkedGraph } from '../link/linked-graph.ts'
import {
  type LinkedNode,
  NO_NODE,
  OP_CHECK,
  OP_DISPATCH,
  OP_FORWARD,
  OP_MIDDLEWARE,
  OP_UPGRADE,
} from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'

/**
 * Takes a connection that speaks HTTP through the graph's L4 phases, where there is no message yet.
 *
 * @returns the node after `upgrade`, where its requests begin, or {@link NO_NODE} where none begin.
 */
export function walkConnection(graph: LinkedGraph, connection: Connection): number {
  const node = walkToCarrier(graph, connection, true)
  return node?.op === OP_UPGRADE ? node.next : NO_NODE
}

/**
 * Takes a connection to the node that says what carries it: an `upgrade` to HTTP, or a forward.
 *
 * @param speaksHttp whether an `upgrade` can be followed; otherwise the way that leads past it is.
 * @returns `undefined` where the connection is to be dropped.
 */
export function walkToCarrier(graph: LinkedGraph, connection: Connection, speaksHttp: boolean): LinkedNode | undefined {
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
      case OP_MIDDLEWARE:
        // Of those that run on connections there is only `sni_peek`, which has nothing left to do.
        at = node.next
        break
      case OP_UPGRADE:
        if (speaksHttp) return node
        at = node.otherwise
        break
      case OP_FORWARD:
        return node
      default:
        return undefined
    }
  }
}
