import type { PluginKind } from '../plugin/metadata.ts'
import type { FieldPredicate, PredicateOperator } from '../predicate/types.ts'
import type { ListenAddress } from '../rules/listen-spec.ts'
import type { ClientAuth, Json, ListenerTls, SynthSpec, Terminate } from '../rules/types.ts'
import type { SourceSpan } from '../diagnostics/diagnostic.ts'
import type { NodeId } from './ids.ts'
import type { Node, TerminatorKind } from './nodes.ts'

/** What the compiler must know of a middleware, built in or plugin, without having it. */
export interface MiddlewareMeta {
  readonly kind: PluginKind
  readonly stateless: boolean
  readonly needsBody: boolean
  readonly inspects: readonly string[]
}

/** A middleware in the symbolic graph. `plugin` is set where `<stem>:<export>` named one. */
export interface SymbolicMiddleware {
  readonly name: string
  /** Of a built-in: checked, with the defaults filled in. Of a plugin: an object, as written. */
  readonly args: Json
  readonly meta: MiddlewareMeta
  readonly plugin?: { readonly path: string; readonly export: string }
  /** Rule that brought it, and where: for messages of the linker. Shared ones name the first. */
  readonly rule: string
  readonly source: SourceSpan
}

/** What a fetch does, with its arguments. */
export type FetchSpec =
  | Exclude<Terminate, { type: 'close' }>
  | { readonly type: 'synthesize'; readonly response: SynthSpec }

/** A fetch in the symbolic graph. `synthesize` answers an `on_error` response. */
export interface SymbolicFetch {
  readonly spec: FetchSpec
  readonly rule: string
  readonly source: SourceSpan
}

/** What a listener can meet. */
export type ListenerKind = 'raw' | 'http' | 'auto'

/** A certificate on a listener, with the rule that brought it first, and where: for messages of the linker. */
export interface ListenerTlsBlock extends ListenerTls {
  readonly rule: string
  readonly source: SourceSpan
}

/** TLS on a listener: what the rules on it bring together. */
export interface ListenerTlsMeta {
  /** Without repeats, sorted by `sni`; the default, if there is one, first. Never empty. */
  readonly certificates: readonly ListenerTlsBlock[]
  /** The one thing the rules must agree on. */
  readonly clientAuth: ClientAuth | undefined
  /** Rule that brought it first, and where: for messages of the linker. */
  readonly rule: string
  readonly source: SourceSpan
}

/** One listener of the graph. */
export interface ListenerMeta {
  readonly transport: 'tcp' | 'udp'
  readonly address: ListenAddress
  readonly kind: ListenerKind
  readonly needsPeek: boolean
  /** Rules in matching order. */
  readonly rules: readonly string[]
  /** Absent: no certificates, so that connections are in clear. */
  readonly tls?: ListenerTlsMeta
}

/** That rules compare a field by an operator. */
export interface ComparisonUse {
  readonly field: string
  readonly op: PredicateOperator
  readonly rule: string
}

/** A whole compiled configuration: JSON-serialisable, without functions. */
export interface SymbolicFlowGraph {
  readonly nodes: readonly Node[]
  /** Single comparisons only: the combinations have become edges. */
  readonly predicates: readonly FieldPredicate[]
  readonly middlewares: readonly SymbolicMiddleware[]
  readonly fetches: readonly SymbolicFetch[]
  readonly terminators: readonly TerminatorKind[]
  /** Listener key (see `ListenSpec`) to its first node. */
  readonly entries: Readonly<Record<string, NodeId>>
  /**
   * Rule name by node, for logs and messages; `null` for nodes that many rules share. The first node of a walk that has a
   * name tells which rule won.
   */
  readonly nodeRules: readonly (string | null)[]
  readonly meta: {
    /** SHA-256, lower hex, over the canonical JSON of the expanded rules. */
    readonly versionHash: string
    readonly sourceFiles: readonly string[]
    readonly listeners: Readonly<Record<string, ListenerMeta>>
    /** Where each rule's name stands, for messages. */
    readonly ruleSources: Readonly<Record<string, SourceSpan>>
    /** Every field with every operator the rules compare it by, each with the first rule that does. */
    readonly comparisons: readonly ComparisonUse[]
  }
}
