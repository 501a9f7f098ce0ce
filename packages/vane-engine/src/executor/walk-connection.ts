import type { LinkedGraph } from '../link/linked-graph.ts'
import { type LinkedNode, NO_NODE, OP_FORWARD, OP_MIDDLEWARE, OP_UPGRADE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { matchFrom } from './match-from.ts'

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
  const entry = graph.entries.get(connection.entryKey)
  if (entry === undefined) return undefined
  const subject = { connection, request: undefined, recorder: undefined }
  let at = entry
  for (;;) {
    const node = graph.nodes[matchFrom(graph, at, subject)]
    switch (node?.op) {
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
