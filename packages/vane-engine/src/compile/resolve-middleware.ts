import {
  parseJsonTree,
  parsePluginRef,
  ProblemSink,
  quoted,
  SourceText,
  unknownWord,
  type Diagnostic,
  type Json,
  type MiddlewareMeta,
  type MiddlewareUse,
  type Problem,
  type Rule,
  type SymbolicMiddleware,
} from 'vane-core'
import type { AnalyzeOptions } from './analyze.ts'
import type { BuiltinMiddleware } from './metadata-provider.ts'
import { needsHttp } from './needs-http.ts'

/** The middleware a chain entry names, or why there is none. */
export type ResolvedMiddleware =
  | { readonly middleware: SymbolicMiddleware }
  | { readonly diagnostics: readonly Diagnostic[] }

/** Finds out what a chain entry names, checks its arguments, and that it can run where it stands. */
export function resolveMiddleware(rule: Rule, use: MiddlewareUse, options: AnalyzeOptions): ResolvedMiddleware {
  const found = findMiddleware(rule.name, use, options)
  return 'diagnostics' in found ? found : place(rule, use, found)
}

/** A middleware, wherever it stands. */
export interface FoundMiddleware {
  readonly name: string
  readonly args: Json
  readonly meta: MiddlewareMeta
  readonly plugin?: NonNullable<SymbolicMiddleware['plugin']>
}

/** Finds out what a chain entry names, and checks its arguments. */
export function findMiddleware(
  ruleName: string,
  use: MiddlewareUse,
  options: AnalyzeOptions,
): FoundMiddleware | { readonly diagnostics: readonly Diagnostic[] } {
  const ref = parsePluginRef(use.use)
  if (ref !== undefined) {
    const found = options.middleware.plugin(ref)
    if ('problem' in found) {
      const message = `rule ${quoted(ruleName)} uses plugin ${quoted(use.use)}: ${found.problem.message}`
      return refuse(use, { ...found.problem, message })
    }
    const plugin = { path: found.path, export: ref.exportName }
    return { name: use.use, args: use.args, meta: found.meta, plugin }
  }

  const { builtins } = options.middleware
  const builtin = Object.hasOwn(builtins, use.use) ? builtins[use.use] : undefined
  if (builtin === undefined) {
    const problem = unknownWord(use.use, Object.keys(builtins), { code: 'unknown-middleware', what: 'middleware' })
    return refuse(use, { suggestion: 'plugins are named "<file name without .wasm>:<export>"', ...problem })
  }
  const args = decodeArgs(builtin, use, options)
  return 'diagnostics' in args ? args : { name: use.use, args: args.value, meta: builtin.meta }
}

function decodeArgs(
  builtin: BuiltinMiddleware,
  use: MiddlewareUse,
  { sources }: AnalyzeOptions,
): { readonly value: Json } | { readonly diagnostics: readonly Diagnostic[] } {
  const source = sources.get(use.source.file)
  if (use.argsNode !== undefined && source !== undefined) {
    const sink = new ProblemSink(source)
    const value = builtin.decodeArgs(use.argsNode, sink)
    return value === undefined ? { diagnostics: sink.diagnostics } : { value }
  }
  // A preset, or nobody, wrote these arguments: they have no place of their own and are reported where they come from.
  const sink = new ProblemSink(new SourceText({ path: use.source.file, text: JSON.stringify(use.args) }))
  const node = parseJsonTree(sink)
  const value = node === undefined ? undefined : builtin.decodeArgs(node, sink)
  if (value !== undefined) return { value }
  return { diagnostics: sink.diagnostics.map((diagnostic) => ({ ...diagnostic, span: use.source })) }
}

/** Whether the middleware can run where it stands: before a response there is none, on bytes there are no messages. */
function place(rule: Rule, use: MiddlewareUse, found: FoundMiddleware): ResolvedMiddleware {
  const { kind } = found.meta
  const misplaced = whyMisplaced(kind, rule)
  if (misplaced !== undefined) {
    const message = `rule ${quoted(rule.name)} ${misplaced}, so that ${quoted(use.use)} (${kind}) cannot run`
    return refuse(use, { code: 'misplaced-middleware', message })
  }
  return { middleware: { ...found, rule: rule.name, source: use.source } }
}

function whyMisplaced(kind: MiddlewareMeta['kind'], rule: Rule): string | undefined {
  const { type } = rule.terminate
  const forwards = type === 'tcp_forward' || type === 'udp_forward'
  switch (kind) {
    case 'l7-request':
      return forwards ? 'forwards bytes' : undefined
    case 'l7-response':
      return forwards ? 'forwards bytes' : type === 'close' ? 'closes without a response' : undefined
    case 'l4-peek':
    case 'l4-bytes':
      if (!forwards && type !== 'close') return 'speaks HTTP'
      return needsHttp(rule.match) === undefined ? undefined : 'is decided by HTTP'
  }
}

function refuse(
  use: MiddlewareUse,
  { severity = 'error', ...problem }: Problem,
): { readonly diagnostics: readonly Diagnostic[] } {
  return { diagnostics: [{ severity, ...problem, span: use.source }] }
}
