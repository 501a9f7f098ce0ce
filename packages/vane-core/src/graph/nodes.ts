import type { FetchId, MiddlewareId, NodeId, PredicateId, TerminatorId } from './ids.ts'

/** A step of the graph. Edges are indices, so that the graph is JSON and survives a structured clone. */
export type Node =
  | CheckNode
  | DispatchNode
  | CandidateNode
  | ChooseNode
  | MiddlewareNode
  | UpgradeNode
  | FetchNode
  | TerminateNode

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

/**
 * One look-up in place of a run of checks on the same field. An absent field takes `default`.
 *
 * With `equals` all cases are single values, found by hash. The other look-ups also have nests of values (cases with a
 * `match`), found in a tree: the longest that holds wins, and a single value before any nest. Of nests of equal length
 * `path_prefix` goes before `prefix`.
 */
export interface DispatchNode {
  readonly kind: 'dispatch'
  readonly field: string
  readonly lookup: DispatchLookup
  /** No two with the same value and `match`. */
  readonly cases: readonly DispatchCase[]
  readonly default: NodeId
}

/** What a dispatch finds besides single values; with `prefix`, path prefixes too. */
export type DispatchLookup = 'equals' | 'prefix' | 'suffix' | 'cidr'

/** Where a value leads, or every value that begins with it, ends in it or lies in it. A number only where the field's type is. */
export type DispatchCase = readonly [
  value: string | number,
  node: NodeId,
  match?: 'prefix' | 'path_prefix' | 'suffix' | 'cidr',
]

/**
 * Notes that a rule holds and goes on, because one that is tried before it may hold, too. Every path leads on to a `choose`;
 * until there it meets checks that need no body, dispatches and other candidates, and nothing else.
 */
export interface CandidateNode {
  readonly kind: 'candidate'
  /** Of the rule among those of its listener, from 0. */
  readonly place: number
  /** Where the rule begins. */
  readonly onWin: NodeId
  readonly next: NodeId
}

/** Goes to the beginning of the first rule, by place, that was noted on the way, or to `default` if none was. */
export interface ChooseNode {
  readonly kind: 'choose'
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
  /** Where a connection goes that does not speak HTTP, if rules further down can carry its bytes; absent: it is closed. */
  readonly otherwise?: NodeId
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
