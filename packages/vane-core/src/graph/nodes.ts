import type { FetchId, MiddlewareId, NodeId, PredicateId, TerminatorId } from './ids.ts'

/** A step of the graph. Edges are indices, so that the graph is JSON and survives a structured clone. */
export type Node = CheckNode | DispatchNode | MiddlewareNode | UpgradeNode | FetchNode | TerminateNode

/** Carried by the first node on a path that must see a body: the executor collects it before entering the node. */
export interface CollectBody {
  readonly collectBodyBefore?: 'request' | 'response'
  /** Bytes; a larger body ends the request with 413, or 502 for a response. */
  readonly bodyLimit?: number
}

/** Tests one predicate. */
export interface CheckNode extends CollectBody {
  readonly kind: 'check'
  readonly predicate: PredicateId
  readonly onMatch: NodeId
  readonly onMiss: NodeId
}

/** One look-up in place of a run of equality checks on the same string field. An absent field takes `default`. */
export interface DispatchNode {
  readonly kind: 'dispatch'
  readonly field: string
  readonly cases: readonly (readonly [value: string, node: NodeId])[]
  readonly default: NodeId
}

/** Runs one middleware. */
export interface MiddlewareNode extends CollectBody {
  readonly kind: 'middleware'
  readonly id: MiddlewareId
  readonly next: NodeId
  /** Where a failure goes; absent: 500 on L7, reset on L4. */
  readonly onError?: NodeId
}

/** From bytes to HTTP messages: exactly once on every path to an L7 node. */
export interface UpgradeNode {
  readonly kind: 'upgrade'
  readonly next: NodeId
}

/** Starts one fetch; goes on with whichever of a response or a tunnel it yields. */
export interface FetchNode extends CollectBody {
  readonly kind: 'fetch'
  readonly id: FetchId
  readonly nextResponse?: NodeId
  readonly nextTunnel?: NodeId
}

/** Ends a path. */
export interface TerminateNode {
  readonly kind: 'terminate'
  readonly id: TerminatorId
  /**
   * Why a `close` is here, where it is no rule's own `terminate`: `unmatched` ends a listener none of whose rules matched
   * (after `upgrade` that is 404, before it a reset), `on-error` follows a failed middleware.
   */
  readonly cause?: 'unmatched' | 'on-error'
}

/** How a path may end. */
export type TerminatorKind = 'writeHttpResponse' | 'byteTunnel' | 'close'
