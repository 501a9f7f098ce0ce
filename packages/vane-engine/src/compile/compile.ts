import {
  hasErrors,
  parseRuleFile,
  sortDiagnostics,
  type Diagnostic,
  type ParsedRuleFile,
  type SourceFile,
  type SymbolicFlowGraph,
} from 'vane-core'
import { analyze } from './analyze.ts'
import { expand } from './expand.ts'
import { groupListeners } from './group-listeners.ts'
import { lower } from './lower/lower.ts'
import { merge } from './merge.ts'
import { BUILTINS_ONLY, type MetadataProvider } from './metadata-provider.ts'
import { validate } from './validate/validate.ts'
import { versionHash } from './version-hash.ts'

export { BUILTIN_MIDDLEWARE, NOT_YET_MIDDLEWARE } from './builtin-middleware.ts'
export { BUILTINS_ONLY } from './metadata-provider.ts'
export type { BuiltinMiddleware, MetadataProvider, PluginResolution } from './metadata-provider.ts'
export { validate } from './validate/validate.ts'

/** What {@link compile} needs. */
export interface CompileOptions {
  /** In any order. */
  readonly files: readonly SourceFile[]
  /** What middleware there is; default the engine's own and no plugins. */
  readonly middleware?: MetadataProvider
}

/** What became of a configuration. */
export interface CompileResult {
  /** `undefined` if and only if a diagnostic is an error. */
  readonly graph: SymbolicFlowGraph | undefined
  /** Sorted by file and line. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles rule files into a symbolic FlowGraph. Pure: it reads nothing but its arguments. Never throws for what is in the
 * files: all problems of all files come back together.
 */
export function compile({ files, middleware }: CompileOptions): CompileResult {
  return compileParsed(files.map(parseRuleFile), middleware)
}

/** {@link compile} for files that are parsed already: expand → merge → analyze → lower → validate. */
export function compileParsed(
  parsed: readonly ParsedRuleFile[],
  middleware: MetadataProvider = BUILTINS_ONLY,
): CompileResult {
  const files = parsed.flatMap(({ file }) => (file === undefined ? [] : [file]))
  const sources = new Map(files.map((file) => [file.path, file.source]))
  const merged = merge(files.map(expand))
  const analyzed = analyze(merged.rules, { middleware, sources })
  const { listeners, diagnostics: overlaps } = groupListeners(analyzed.rules)
  const diagnostics = [
    ...parsed.flatMap((file) => file.diagnostics),
    ...merged.diagnostics,
    ...analyzed.diagnostics,
    ...overlaps,
  ]
  if (merged.rules.length === 0 && !hasErrors(diagnostics)) {
    const suggestion = 'write a rule into a file such as rules/10-app.json'
    diagnostics.push({ severity: 'error', code: 'no-rules', message: 'the configuration holds no rule', suggestion })
  }
  if (hasErrors(diagnostics)) return { graph: undefined, diagnostics: sortDiagnostics(diagnostics) }

  const { builder, entries, listeners: metas } = lower(listeners)
  const graph: SymbolicFlowGraph = {
    nodes: builder.nodes,
    predicates: builder.predicates,
    middlewares: builder.middlewares,
    fetches: builder.fetches,
    terminators: builder.terminators,
    entries,
    nodeRules: builder.nodeRules,
    meta: {
      versionHash: versionHash(analyzed.rules),
      sourceFiles: files.map((file) => file.path).toSorted(),
      listeners: metas,
    },
  }
  diagnostics.push(...validate(graph))
  return { graph: hasErrors(diagnostics) ? undefined : graph, diagnostics: sortDiagnostics(diagnostics) }
}
