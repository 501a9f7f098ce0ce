import type { FetchNode, FetchSpec, MiddlewareNode, NodeId, OnError, Rule } from 'vane-core'
import type { AnalyzedRule, ChainStep } from '../analyze.ts'
import type { GraphBuilder } from './graph-builder.ts'

/**
 * What a rule does once it has won, from its last node to its first: request middleware, fetch, response middleware, the
 * writing of the response; or a close. The nodes carry the rule's name.
 */
export function lowerAction(builder: GraphBuilder, { rule, requestChain, responseChain }: AnalyzedRule): NodeId {
  const at: Place = { builder, rule }
  const { terminate } = rule
  const end = terminate.type === 'close' ? closeOf(at) : fetchOf(at, terminate, lowerResponse(at, responseChain))
  return chainOf(at, requestChain, { direction: 'request', end })
}

/** The rule whose nodes are being made, and where they go. */
interface Place {
  readonly builder: GraphBuilder
  readonly rule: Rule
}

function lowerResponse(at: Place, chain: readonly ChainStep[]): NodeId {
  return chainOf(at, chain, { direction: 'response', end: writeResponse(at) })
}

function fetchOf({ builder, rule }: Place, spec: FetchSpec, nextResponse: NodeId): NodeId {
  const id = builder.fetch({ spec, rule: rule.name, source: rule.terminateSource })
  const node: FetchNode = { kind: 'fetch', id, nextResponse }
  return builder.node(node, rule.name)
}

function chainOf(
  at: Place,
  chain: readonly ChainStep[],
  { direction, end }: { readonly direction: 'request' | 'response'; readonly end: NodeId },
): NodeId {
  const { builder, rule } = at
  // Bodies stream until the first step that must see one; from there on it is in memory.
  const firstBody = chain.findIndex((step) => step.middleware.meta.needsBody)
  const bodyLimit = direction === 'request' ? rule.maxBodyBytesRequest : rule.maxBodyBytesResponse
  let next = end
  for (let index = chain.length - 1; index >= 0; index--) {
    const { middleware, onError } = chain[index]!
    const node: MiddlewareNode = {
      kind: 'middleware',
      id: builder.middleware(middleware),
      next,
      ...(onError === undefined ? {} : { onError: failureOf(at, onError) }),
      ...(index === firstBody ? { collectBodyBefore: direction, bodyLimit } : {}),
    }
    next = builder.node(node, rule.name)
  }
  return next
}

/** Where a failed middleware leads. A response written there skips the response middleware, as every refusal does. */
function failureOf(at: Place, onError: OnError): NodeId {
  const { builder, rule } = at
  if (onError.kind === 'response') {
    return fetchOf(at, { type: 'synthesize', response: onError.response }, writeResponse(at))
  }
  return builder.node({ kind: 'terminate', id: builder.terminator('close'), cause: 'on-error' }, rule.name)
}

function closeOf({ builder, rule }: Place): NodeId {
  return builder.node({ kind: 'terminate', id: builder.terminator('close') }, rule.name)
}

function writeResponse({ builder }: Place): NodeId {
  return builder.node({ kind: 'terminate', id: builder.terminator('writeHttpResponse') }, null)
}
