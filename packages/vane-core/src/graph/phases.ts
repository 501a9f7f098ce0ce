import type { PluginKind } from '../plugin/metadata.ts'
import type { InspectionLevel } from '../predicate/types.ts'
import type { FetchSpec } from './graph.ts'
import type { Node, TerminatorKind } from './nodes.ts'

/** Where on a connection's way a node stands. */
export type Phase = 'l4Raw' | 'l4Peeked' | 'l7Request' | 'l7Response' | 'tunnel'

/** A way out of a node. */
export type Edge =
  | 'onMatch'
  | 'onMiss'
  | 'case'
  | 'default'
  | 'onWin'
  | 'next'
  | 'otherwise'
  | 'onError'
  | 'nextResponse'
  | 'nextTunnel'

/** What a node kind comes in: a field's level, a middleware's kind, a fetch's type, a terminator's kind. */
export type NodeVariant = InspectionLevel | PluginKind | FetchSpec['type'] | TerminatorKind

/** One legal position: this node may stand in this phase, and its edges lead to those. */
export interface PhaseRow {
  readonly node: Node['kind']
  /** Absent where the node kind has no variants. */
  readonly variant?: NodeVariant
  readonly in: Phase
  /** Every edge the node must have here; only `onError` and `otherwise` may be left out. */
  readonly leads: Readonly<Partial<Record<Edge, Phase>>>
}

/**
 * Which node is legal in which phase, and where it leads. What is not in the table is illegal. The one table behind
 * validation and the documentation.
 *
 * A response may be synthesised in `l7Response` too: that is where a failed response middleware's `on_error` goes.
 */
export const PHASE_TABLE: readonly PhaseRow[] = [
  ...tests('l4', { l4Raw: 'l4Raw', l4Peeked: 'l4Peeked', l7Request: 'l7Request' }),
  ...tests('l4-peek', { l4Raw: 'l4Peeked', l4Peeked: 'l4Peeked', l7Request: 'l7Request' }),
  ...tests('l7-header', { l7Request: 'l7Request' }),
  ...tests('l7-body', { l7Request: 'l7Request' }),

  { node: 'candidate', in: 'l7Request', leads: { onWin: 'l7Request', next: 'l7Request' } },
  { node: 'choose', in: 'l7Request', leads: { default: 'l7Request' } },

  { node: 'middleware', variant: 'l4-peek', in: 'l4Raw', leads: { next: 'l4Peeked', onError: 'l4Peeked' } },
  { node: 'middleware', variant: 'l4-peek', in: 'l4Peeked', leads: { next: 'l4Peeked', onError: 'l4Peeked' } },
  { node: 'middleware', variant: 'l4-bytes', in: 'l4Raw', leads: { next: 'l4Raw', onError: 'l4Raw' } },
  { node: 'middleware', variant: 'l4-bytes', in: 'l4Peeked', leads: { next: 'l4Peeked', onError: 'l4Peeked' } },
  { node: 'middleware', variant: 'l7-request', in: 'l7Request', leads: { next: 'l7Request', onError: 'l7Request' } },
  {
    node: 'middleware',
    variant: 'l7-response',
    in: 'l7Response',
    leads: { next: 'l7Response', onError: 'l7Response' },
  },

  { node: 'upgrade', in: 'l4Raw', leads: { next: 'l7Request', otherwise: 'l4Peeked' } },
  { node: 'upgrade', in: 'l4Peeked', leads: { next: 'l7Request', otherwise: 'l4Peeked' } },

  { node: 'fetch', variant: 'http_proxy', in: 'l7Request', leads: { nextResponse: 'l7Response' } },
  {
    node: 'fetch',
    variant: 'websocket',
    in: 'l7Request',
    leads: { nextResponse: 'l7Response', nextTunnel: 'tunnel' },
  },
  { node: 'fetch', variant: 'static', in: 'l7Request', leads: { nextResponse: 'l7Response' } },
  { node: 'fetch', variant: 'redirect_https', in: 'l7Request', leads: { nextResponse: 'l7Response' } },
  { node: 'fetch', variant: 'cgi', in: 'l7Request', leads: { nextResponse: 'l7Response' } },
  { node: 'fetch', variant: 'tcp_forward', in: 'l4Raw', leads: { nextTunnel: 'tunnel' } },
  { node: 'fetch', variant: 'tcp_forward', in: 'l4Peeked', leads: { nextTunnel: 'tunnel' } },
  { node: 'fetch', variant: 'udp_forward', in: 'l4Raw', leads: { nextTunnel: 'tunnel' } },
  { node: 'fetch', variant: 'udp_forward', in: 'l4Peeked', leads: { nextTunnel: 'tunnel' } },
  { node: 'fetch', variant: 'synthesize', in: 'l7Request', leads: { nextResponse: 'l7Response' } },
  { node: 'fetch', variant: 'synthesize', in: 'l7Response', leads: { nextResponse: 'l7Response' } },

  { node: 'terminate', variant: 'writeHttpResponse', in: 'l7Response', leads: {} },
  { node: 'terminate', variant: 'byteTunnel', in: 'tunnel', leads: {} },
  { node: 'terminate', variant: 'close', in: 'l4Raw', leads: {} },
  { node: 'terminate', variant: 'close', in: 'l4Peeked', leads: {} },
  { node: 'terminate', variant: 'close', in: 'l7Request', leads: {} },
  { node: 'terminate', variant: 'close', in: 'l7Response', leads: {} },
]

/** A check and a dispatch on the same field stand in the same phases. */
function tests(variant: InspectionLevel, phases: Readonly<Partial<Record<Phase, Phase>>>): PhaseRow[] {
  return (Object.entries(phases) as [Phase, Phase][]).flatMap(([from, to]): PhaseRow[] => [
    { node: 'check', variant, in: from, leads: { onMatch: to, onMiss: to } },
    { node: 'dispatch', variant, in: from, leads: { case: to, default: to } },
  ])
}
