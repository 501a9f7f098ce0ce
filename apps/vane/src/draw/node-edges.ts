import type { Edge, Node } from 'vane-core'

/** One way out of a node, as the graph has it. */
export interface NodeEdge {
  readonly edge: Edge
  readonly to: number
}

/** Every way out of a node, in matching order. */
export function nodeEdges(node: Node): NodeEdge[] {
  switch (node.kind) {
    case 'check':
      return [
        { edge: 'onMatch', to: node.onMatch },
        { edge: 'onMiss', to: node.onMiss },
      ]
    case 'dispatch':
      return [...node.cases.map(([, target]) => to('case', target)), { edge: 'default', to: node.default }]
    case 'candidate':
      return [to('onWin', node.onWin), to('next', node.next)]
    case 'choose':
      return [to('default', node.default)]
    case 'middleware':
      return [{ edge: 'next', to: node.next }, ...(node.onError === undefined ? [] : [to('onError', node.onError)])]
    case 'upgrade':
      return [
        { edge: 'next', to: node.next },
        ...(node.otherwise === undefined ? [] : [to('otherwise', node.otherwise)]),
      ]
    case 'fetch':
      return [
        ...(node.nextResponse === undefined ? [] : [to('nextResponse', node.nextResponse)]),
        ...(node.nextTunnel === undefined ? [] : [to('nextTunnel', node.nextTunnel)]),
      ]
    default:
      return []
  }
}

function to(edge: Edge, target: number): NodeEdge {
  return { edge, to: target }
}
