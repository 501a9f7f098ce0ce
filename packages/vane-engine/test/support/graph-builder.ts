import type {
  FetchId,
  FetchSpec,
  FieldPredicate,
  HttpProxyVersion,
  Json,
  MiddlewareId,
  MiddlewareMeta,
  Node,
  NodeId,
  PluginKind,
  PredicateId,
  ProxyTimeouts,
  SourceSpan,
  SymbolicFetch,
  SymbolicFlowGraph,
  SymbolicMiddleware,
  SynthSpec,
  TerminateNode,
  TerminatorId,
  TerminatorKind,
} from 'vane-core'
import { DEFAULT_PROXY_TIMEOUTS, DEFAULT_RETRY } from 'vane-core'

const SOURCE: SourceSpan = { file: 'rules/test.json', offset: 0, length: 1, line: 3, column: 7 }
const TERMINATORS: readonly TerminatorKind[] = ['writeHttpResponse', 'byteTunnel', 'close']

/** One middleware of a built chain. */
export interface BuiltMiddleware {
  readonly name: string
  readonly kind?: PluginKind
  readonly args?: Json
  readonly needsBody?: boolean
  readonly inspects?: readonly string[]
  /** File of the plugin; built-ins have none. */
  readonly pluginPath?: string
  readonly onError?: 'close' | SynthSpec
  readonly bodyLimit?: number
}

/** Builds symbolic graphs by hand, from their ends to their entries, without the compiler. */
export class GraphBuilder {
  readonly #nodes: Node[] = []
  readonly #nodeRules: (string | null)[] = []
  readonly #predicates: FieldPredicate[] = []
  readonly #middlewares: SymbolicMiddleware[] = []
  readonly #fetches: SymbolicFetch[] = []
  readonly #entries: Record<string, NodeId> = {}
  readonly #listeners: Record<string, SymbolicFlowGraph['meta']['listeners'][string]> = {}

  node(node: Node, rule: string | null = 'test'): NodeId {
    this.#nodeRules.push(rule)
    return (this.#nodes.push(node) - 1) as NodeId
  }

  terminate(kind: TerminatorKind, cause?: TerminateNode['cause']): NodeId {
    const id = TERMINATORS.indexOf(kind) as TerminatorId
    return this.node(
      { kind: 'terminate', id, ...(cause === undefined ? {} : { cause }) },
      cause === 'unmatched' ? null : 'test',
    )
  }

  check(predicate: FieldPredicate, onMatch: NodeId, onMiss: NodeId): NodeId {
    const id = (this.#predicates.push(predicate) - 1) as PredicateId
    return this.node({ kind: 'check', predicate: id, onMatch, onMiss }, null)
  }

  fetch(spec: FetchSpec, nextResponse: NodeId): NodeId {
    const id = (this.#fetches.push({ spec, rule: 'test', source: SOURCE }) - 1) as FetchId
    return this.node({ kind: 'fetch', id, nextResponse })
  }

  middleware(built: BuiltMiddleware, next: NodeId): NodeId {
    const kind = built.kind ?? 'l7-request'
    const meta: MiddlewareMeta = {
      kind,
      stateless: true,
      needsBody: built.needsBody ?? false,
      inspects: built.inspects ?? [],
    }
    const id = (this.#middlewares.push({
      name: built.name,
      args: built.args ?? {},
      meta,
      rule: 'test',
      source: SOURCE,
      ...(built.pluginPath === undefined
        ? {}
        : { plugin: { path: built.pluginPath, export: built.name.split(':')[1] ?? '' } }),
    }) - 1) as MiddlewareId
    const { onError } = built
    return this.node({
      kind: 'middleware',
      id,
      next,
      ...(built.needsBody === true ? { collectBodyBefore: kind === 'l7-request' ? 'request' : 'response' } : {}),
      ...(built.bodyLimit === undefined ? {} : { bodyLimit: built.bodyLimit }),
      ...(onError === undefined ? {} : { onError: this.#onError(onError) }),
    })
  }

  /** A whole path: request middleware, a fetch, response middleware, the response. */
  path(spec: FetchSpec, chain: readonly BuiltMiddleware[] = []): NodeId {
    let next = this.terminate('writeHttpResponse')
    for (const built of chain.filter(({ kind }) => kind === 'l7-response').toReversed())
      next = this.middleware(built, next)
    next = this.fetch(spec, next)
    for (const built of chain.filter(({ kind }) => kind !== 'l7-response').toReversed())
      next = this.middleware(built, next)
    return next
  }

  /** Makes a listener; requests begin at `first`. */
  listen(first: NodeId, port = 0, host = '127.0.0.1'): this {
    const key = `tcp:${host}:${port}`
    return this.entry(key, this.node({ kind: 'upgrade', next: first }, null), { kind: 'ip', host, port, family: 4 })
  }

  entry(key: string, node: NodeId, address: SymbolicFlowGraph['meta']['listeners'][string]['address']): this {
    this.#entries[key] = node
    this.#listeners[key] = { transport: 'tcp', address, kind: 'http', needsPeek: false, rules: ['test'] }
    return this
  }

  build(versionHash = 'test'): SymbolicFlowGraph {
    return {
      nodes: this.#nodes,
      predicates: this.#predicates,
      middlewares: this.#middlewares,
      fetches: this.#fetches,
      terminators: TERMINATORS,
      entries: this.#entries,
      nodeRules: this.#nodeRules,
      meta: {
        versionHash,
        sourceFiles: [SOURCE.file],
        listeners: this.#listeners,
        ruleSources: { test: SOURCE },
        comparisons: [],
      },
    }
  }

  #onError(onError: 'close' | SynthSpec): NodeId {
    if (onError === 'close') return this.terminate('close', 'on-error')
    return this.fetch({ type: 'synthesize', response: onError }, this.terminate('writeHttpResponse'))
  }
}

/** What differs between proxy fetches of tests. */
export interface ProxyOptions {
  readonly timeouts?: Partial<ProxyTimeouts>
  readonly host?: string
  readonly unixPath?: string
  readonly version?: HttpProxyVersion
}

/** A proxy fetch to a port of this machine. */
export function proxyTo(port: number, options: ProxyOptions = {}): FetchSpec {
  return {
    type: 'http_proxy',
    version: options.version ?? 'auto',
    upstream:
      options.unixPath === undefined
        ? { kind: 'tcp', host: '127.0.0.1', port }
        : { kind: 'unix', path: options.unixPath },
    tls: undefined,
    dns: undefined,
    retry: DEFAULT_RETRY,
    timeouts: { ...DEFAULT_PROXY_TIMEOUTS, ...options.timeouts },
    host: options.host ?? 'preserve',
  }
}

/** A fetch that answers by itself. */
export function answer(body: string, status = 200): FetchSpec {
  return { type: 'static', response: { status, headers: [['content-type', 'text/plain']], body } }
}

/** A graph of one listener on any free port, and one path. */
export function graphOf(spec: FetchSpec, chain: readonly BuiltMiddleware[] = []): SymbolicFlowGraph {
  const builder = new GraphBuilder()
  return builder.listen(builder.path(spec, chain)).build()
}
