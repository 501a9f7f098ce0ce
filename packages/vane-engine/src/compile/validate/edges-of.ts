import type { Edge, Node, NodeId } from 'vane-core'

/** The edges a node has, in the order of its branches. */
export function edgesOf(node: Node): { readonly edge: Edge; readonly to: NodeId }[] {
  switch (node.kind) {
    case 'check':
      return [
        { edge: 'onMatch', to: node.onMatch },
        { edge: 'onMiss', to: node.onMiss },
      ]
    case 'dispatch': {
      const cases = node.cases.map(([, to]) => ({ edge: 'case' as const, to }))
      return [...cases, { edge: 'default', to: node.default }]
    }
    case 'candidate':
      return [
        { edge: 'onWin', to: node.onWin },
        { edge: 'next', to: node.next },
      ]
    case 'choose':
      return [{ edge: 'default', to: node.default }]
    case 'middleware':
      return [{ edge: 'next', to: node.next }, ...maybe('onError', node.onError)]
    case 'upgrade':
      return [{ edge: 'next', to: node.next }, ...maybe('otherwise', node.otherwise)]
    case 'fetch':
      return [...maybe('nextResponse', node.nextResponse), ...maybe('nextTunnel', node.nextTunnel)]
    case 'terminate':
      return []
  }
}

function maybe(edge: Edge, to: NodeId | undefined): { edge: Edge; to: NodeId }[] {
  return to === undefined ? [] : [{ edge, to }]
}
