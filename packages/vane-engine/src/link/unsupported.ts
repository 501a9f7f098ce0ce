import {
  findField,
  quoted,
  sortDiagnostics,
  type Diagnostic,
  type FetchSpec,
  type HttpProxyTerminate,
  type SourceSpan,
  type SymbolicFlowGraph,
} from 'vane-core'
import { readableFields } from './field-reader.ts'

/** Fields that connections and requests can be asked for; a name that ends in a dot stands for all that begin with it. */
const FIELDS: ReadonlySet<string> = new Set(readableFields())

/** The engine's own middleware that has a factory. */
const MIDDLEWARE: ReadonlySet<string> = new Set([
  'host_header_match',
  'path_prefix',
  'method_match',
  'forward_client_ip',
  'rate_limit',
  'sni_peek',
])

/** What is missing of a fetch, `undefined` where nothing is. A fetch that is not in the table does not run at all. */
const FETCHES: {
  readonly [Type in FetchSpec['type']]?: (spec: Extract<FetchSpec, { type: Type }>) => string | undefined
} = {
  http_proxy: whatHttpProxyLacks,
  websocket: () => undefined,
  static: () => undefined,
  synthesize: () => undefined,
  redirect_https: () => undefined,
  cgi: () => undefined,
  tcp_forward: () => undefined,
}

/**
 * What a graph asks for that this version's runtime does not have: parsed, checked and compiled, and refused here, so that
 * it is neither ignored nor met at the first request.
 *
 * @returns errors with code `not-available`, each with rule, file and line; the same thing is reported once, where it is
 *   used first.
 */
export function findUnsupported(graph: SymbolicFlowGraph): Diagnostic[] {
  const found = new Map<Diagnostic, string>()
  const report = (what: string, rule: string, span: SourceSpan | undefined): void => {
    const message = `rule ${quoted(rule)} needs ${what}, which is not available in this version`
    found.set({ severity: 'error', code: 'not-available', message, ...(span === undefined ? {} : { span }) }, what)
  }
  const { ruleSources, comparisons, listeners } = graph.meta
  for (const { field, rule } of comparisons) {
    const known = findField(field)?.path ?? field
    if (!FIELDS.has(known))
      report(`the field ${quoted(known.endsWith('.') ? `${known}<name>` : known)}`, rule, ruleSources[rule])
  }
  for (const { transport, rules, tls } of Object.values(listeners)) {
    const rule = rules[0] ?? ''
    if (transport === 'udp') report('listening for datagrams (udp)', rule, ruleSources[rule])
    for (const block of tls?.certificates ?? []) {
      if (block.certificate.kind === 'managed')
        report('a certificate that is ordered ("managed")', block.rule, block.source)
      if (block.ocspFetch) report('OCSP responses that are fetched ("ocsp_fetch")', block.rule, block.source)
    }
  }
  for (const { name, meta, plugin, rule, source } of graph.middlewares) {
    if (plugin === undefined && !MIDDLEWARE.has(name)) report(`the middleware ${quoted(name)}`, rule, source)
    else if (plugin !== undefined && (meta.kind === 'l4-peek' || meta.kind === 'l4-bytes'))
      report(`middleware of kind ${meta.kind}`, rule, source)
  }
  for (const { spec, rule, source } of graph.fetches) {
    const missing = whatFetchLacks(spec)
    if (missing !== undefined) report(missing, rule, source)
  }
  const told = new Set<string | undefined>()
  return sortDiagnostics(found.keys()).filter((diagnostic) => {
    const what = found.get(diagnostic)
    const isFirst = !told.has(what)
    told.add(what)
    return isFirst
  })
}

function whatFetchLacks<Type extends FetchSpec['type']>(spec: Extract<FetchSpec, { type: Type }>): string | undefined {
  const look = FETCHES[spec.type]
  return look === undefined ? `the terminator ${quoted(spec.type)}` : look(spec)
}

function whatHttpProxyLacks(spec: HttpProxyTerminate): string | undefined {
  if (spec.version === 'h3') return 'HTTP/3 to an upstream'
  return undefined
}
