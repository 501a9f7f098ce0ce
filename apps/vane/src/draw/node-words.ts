import type { FetchSpec, Node, SourceSpan, SymbolicFlowGraph, UpstreamAddress } from 'vane-core'
import { plural } from '../output/format.ts'
import { fieldWords, predicateWords } from './predicate-words.ts'
import { visibleText } from './visible-text.ts'

/** What a box shows, and so its shape and colour. */
export type DrawBoxKind =
  | 'listener'
  | 'check'
  | 'dispatch'
  | 'candidate'
  | 'choose'
  | 'upgrade'
  | 'middleware'
  | 'plugin'
  | 'fetch'
  | 'terminate'
  | 'close'
  | 'more'
  | 'missing'

/** A box's texts; every one is a single line that needs no more than a format's own escaping. */
export interface BoxWords {
  readonly kind: DrawBoxKind
  readonly label: string
  /** Smaller lines below the label. */
  readonly details: readonly string[]
  readonly tooltip: readonly string[]
}

const LABEL_MAX_CHARS = 44
const DETAIL_MAX_CHARS = 48
const TOOLTIP_MAX_CHARS = 400

/** What a node's box says. */
export function nodeWords(id: number, graph: SymbolicFlowGraph): BoxWords {
  const node = graph.nodes[id]
  if (node === undefined) return words('missing', `missing node ${id}`, [], [])
  switch (node.kind) {
    case 'check':
      return checkWords(node.predicate, graph, bodyWords(node))
    case 'dispatch':
      return words(
        'dispatch',
        fieldWords(node.field),
        [plural(node.cases.length, 'value')],
        [`dispatch on ${node.field}`],
      )
    case 'candidate': {
      const rule = graph.nodeRules[node.onWin] ?? `rule ${node.place + 1}`
      return words('candidate', rule, ['holds, if none before it'], [`candidate ${node.place + 1}: ${rule}`])
    }
    case 'choose':
      return words('choose', 'first that holds', [], ['goes to the first rule, in matching order, that was found'])
    case 'upgrade':
      return words(
        'upgrade',
        'upgrade',
        ['bytes to HTTP'],
        ['upgrade: TLS where the listener has certificates, then HTTP'],
      )
    case 'middleware':
      return middlewareWords(node.id, graph, bodyWords(node))
    case 'fetch':
      return fetchWords(node.id, graph, bodyWords(node))
    case 'terminate':
      return terminateWords(graph.terminators[node.id], node.cause)
    default:
      return words(
        'missing',
        visibleText(String((node as { kind: unknown }).kind), LABEL_MAX_CHARS),
        [],
        ['unknown node kind'],
      )
  }
}

/** What a listener's box says. */
export function listenerWords(key: string, graph: SymbolicFlowGraph): BoxWords {
  const meta = Object.hasOwn(graph.meta.listeners, key) ? graph.meta.listeners[key] : undefined
  const details =
    meta === undefined ? [] : [`${meta.kind}${meta.needsPeek ? ', peeks' : ''} · ${plural(meta.rules.length, 'rule')}`]
  const rules = meta === undefined ? [] : meta.rules.slice(0, 20).map((rule, at) => `${at + 1}. ${rule}`)
  const rest = (meta?.rules.length ?? 0) - rules.length
  if (rest > 0) rules.push(`… ${rest} more`)
  return words('listener', key.replace(/^tcp:/, '').replace(/^udp:/, 'udp '), details, [`listener ${key}`, ...rules])
}

function checkWords(predicate: number, graph: SymbolicFlowGraph, details: readonly string[]): BoxWords {
  const test = graph.predicates[predicate]
  if (test === undefined) return words('missing', `missing predicate ${predicate}`, [], [])
  return words('check', predicateWords(test), details, [`check ${test.field} ${test.op} ${JSON.stringify(test.value)}`])
}

function middlewareWords(id: number, graph: SymbolicFlowGraph, details: readonly string[]): BoxWords {
  const middleware = graph.middlewares[id]
  if (middleware === undefined) return words('missing', `missing middleware ${id}`, [], [])
  const { name, plugin, meta, rule, source, args } = middleware
  const state = meta.stateless ? 'stateless' : 'stateful'
  if (plugin === undefined) {
    return words('middleware', name, details, [
      `middleware ${name}, ${state}`,
      `args ${JSON.stringify(args)}`,
      from(rule, source),
    ])
  }
  const file = plugin.path.slice(plugin.path.lastIndexOf('/') + 1)
  return words(
    'plugin',
    name,
    [`plugin ${file}`, ...details],
    [
      `plugin ${plugin.path}, export ${plugin.export}, ${meta.kind}, ${state}`,
      `args ${JSON.stringify(args)}`,
      from(rule, source),
    ],
  )
}

function fetchWords(id: number, graph: SymbolicFlowGraph, details: readonly string[]): BoxWords {
  const fetch = graph.fetches[id]
  if (fetch === undefined) return words('missing', `missing fetch ${id}`, [], [])
  const [label, detail] = fetchLabel(fetch.spec)
  return words('fetch', label, [...detail, ...details], [`fetch ${fetch.spec.type}`, from(fetch.rule, fetch.source)])
}

/** What a fetch does, in one line and perhaps another. Not escaped. */
export function fetchLabel(spec: FetchSpec): [label: string, details: readonly string[]] {
  if (spec.type === 'synthesize') return [`answer ${spec.response.status}`, ['on error']]
  if ('response' in spec) return [`${spec.type} ${spec.response.status}`, []]
  if ('upstream' in spec) return [`→ ${upstreamWords(spec.upstream)}`, [spec.type, ...attemptsWords(spec)]]
  return [(spec as { type: string }).type, []]
}

/** What a fetch does, in one line with what is seen of it from outside. Not escaped. */
export function fetchLine(spec: FetchSpec): string {
  const [label] = fetchLabel(spec)
  // An address alone is a proxy's: most rules are that.
  const type = 'upstream' in spec && spec.type !== 'http_proxy' ? [spec.type] : []
  return [label, ...[...type, ...attemptsWords(spec)].map((text) => `(${text})`)].join(' ')
}

function attemptsWords(spec: FetchSpec): string[] {
  if (!('retry' in spec) || spec.retry.maxAttempts === 1) return []
  const { maxAttempts, buffering } = spec.retry
  return [`up to ${maxAttempts} attempts${buffering === 'force' ? ', body buffered first' : ''}`]
}

function upstreamWords(upstream: UpstreamAddress): string {
  if (upstream.kind === 'unix') return `unix:${upstream.path}`
  return `${upstream.host.includes(':') ? `[${upstream.host}]` : upstream.host}:${upstream.port}`
}

function terminateWords(terminator: string | undefined, cause: string | undefined): BoxWords {
  if (terminator === 'writeHttpResponse')
    return words('terminate', 'write response', [], ['writes the response to the client'])
  if (terminator === 'byteTunnel')
    return words('terminate', 'byte tunnel', [], ['bytes pass both ways until either end closes'])
  if (terminator !== 'close') return words('missing', `missing terminator ${terminator ?? ''}`, [], [])
  if (cause === 'unmatched') return words('close', 'no rule matched', [], ['reset before upgrade, 404 or 421 after it'])
  return words('close', 'close', cause === 'on-error' ? ['on error'] : [], ['drops the connection'])
}

function bodyWords(node: Extract<Node, { kind: 'check' | 'middleware' | 'fetch' }>): string[] {
  if (node.collectBodyBefore === undefined) return []
  return [
    `collects ${node.collectBodyBefore} body${node.bodyLimit === undefined ? '' : `, ${bytesWords(node.bodyLimit)}`}`,
  ]
}

function bytesWords(bytes: number): string {
  if (bytes >= 1_048_576 && bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`
  return bytes >= 1_024 && bytes % 1_024 === 0 ? `${bytes / 1_024} KiB` : `${bytes} B`
}

function from(rule: string, source: SourceSpan): string {
  return `rule ${rule} · ${source.file}:${source.line}`
}

function words(kind: DrawBoxKind, label: string, details: readonly string[], tooltip: readonly string[]): BoxWords {
  return {
    kind,
    label: visibleText(label, LABEL_MAX_CHARS),
    details: details.map((line) => visibleText(line, DETAIL_MAX_CHARS)),
    tooltip: tooltip.map((line) => visibleText(line, TOOLTIP_MAX_CHARS)),
  }
}
