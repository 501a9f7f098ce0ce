import {
  hasErrors,
  parseRuleFile,
  sortDiagnostics,
  type Diagnostic,
  type ListenerMeta,
  type ListenerTlsMeta,
  type ParsedRuleFile,
  type Rule,
  type SourceFile,
  type SymbolicFlowGraph,
} from 'vane-core'
import { addPaths } from './add-paths.ts'
import { analyze } from './analyze.ts'
import { checkBroken } from './check-broken.ts'
import { checkRules } from './check-rules.ts'
import { collectComparisons } from './collect-comparisons.ts'
import { expand } from './expand.ts'
import { groupListeners } from './group-listeners.ts'
import { lower } from './lower/lower.ts'
import { mergeTls } from './merge-tls.ts'
import { merge } from './merge.ts'
import { BUILTINS_ONLY, type MetadataProvider } from './metadata-provider.ts'
import { validate } from './validate/validate.ts'
import { versionHash } from './version-hash.ts'
import { warnUnreachable } from './warn-unreachable.ts'

export { BUILTIN_MIDDLEWARE } from './builtin-middleware.ts'
export { BUILTINS_ONLY } from './metadata-provider.ts'
export type { BuiltinMiddleware, MetadataProvider, PluginResolution } from './metadata-provider.ts'
export { validate } from './validate/validate.ts'
export { walk } from './walk.ts'
export type { Walk, WalkOptions, WalkStep } from './walk.ts'

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
  /** What the files say: presets expanded, in the order they are written in. */
  readonly rules: readonly Rule[]
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

/** {@link compile} for files that are parsed already: expand → merge → check → analyze → group → lower → validate. */
export function compileParsed(
  parsed: readonly ParsedRuleFile[],
  middleware: MetadataProvider = BUILTINS_ONLY,
): CompileResult {
  const files = parsed.flatMap(({ file }) => (file === undefined ? [] : [file]))
  const sources = new Map(files.map((file) => [file.path, file.source]))
  const merged = merge(files.map(expand))
  const analyzed = analyze(merged.rules, { middleware, sources })
  const { listeners, diagnostics: overlaps } = groupListeners(analyzed.rules)
  const tls = mergeTls(listeners)
  const diagnostics = [
    ...parsed.flatMap((file) => file.diagnostics),
    ...merged.diagnostics,
    ...checkRules(merged.rules),
    ...checkBroken(
      files.flatMap((file) => file.broken),
      merged,
      { middleware, sources },
    ),
    ...analyzed.diagnostics,
    ...overlaps,
    ...tls.diagnostics,
  ]
  if (merged.rules.length === 0 && !hasErrors(diagnostics)) {
    const suggestion = 'write a rule into a file such as rules/10-app.json'
    diagnostics.push({ severity: 'error', code: 'no-rules', message: 'the configuration holds no rule', suggestion })
  }
  diagnostics.push(...warnUnreachable(listeners))
  const finish = (): readonly Diagnostic[] => addPaths(sortDiagnostics(diagnostics), sources)
  if (hasErrors(diagnostics)) return { graph: undefined, rules: merged.rules, diagnostics: finish() }

  const { graph: parts, listeners: metas } = lower(listeners)
  const graph: SymbolicFlowGraph = {
    ...parts,
    meta: {
      versionHash: versionHash(analyzed.rules),
      sourceFiles: files.map((file) => file.path).toSorted(),
      listeners: withTls(metas, tls.byListener),
      ruleSources: Object.fromEntries(merged.rules.map((rule) => [rule.name, rule.source])),
      comparisons: collectComparisons(merged.rules),
    },
  }
  diagnostics.push(...validate(graph))
  return { graph: hasErrors(diagnostics) ? undefined : graph, rules: merged.rules, diagnostics: finish() }
}

function withTls(
  metas: Readonly<Record<string, ListenerMeta>>,
  tls: ReadonlyMap<string, ListenerTlsMeta>,
): Record<string, ListenerMeta> {
  return Object.fromEntries(
    Object.entries(metas).map(([key, meta]) => {
      const own = tls.get(key)
      return [key, own === undefined ? meta : { ...meta, tls: own }]
    }),
  )
}
