import { VaneError, formatDiagnostic, formatDiagnostics, type Diagnostic, type SymbolicFlowGraph } from 'vane-core'
import type { Engine, LinkedGraph, loadConfig } from 'vane-engine'
import type { OpenFeatures } from './features.ts'
import type { ReloadProblem } from './reload.ts'
import type { DaemonPaths } from './settings.ts'

/** What reading a configuration takes. */
export interface PrepareParts {
  readonly paths: DaemonPaths
  readonly features: OpenFeatures
  readonly engine: Pick<Engine, 'hashFiles' | 'link'>
  readonly loadConfig: typeof loadConfig
  /** Whether reports are coloured. */
  readonly color: boolean
}

/** A configuration that is ready to serve. Whoever holds it starts, swaps in or disposes of the linked graph. */
export interface PreparedConfig {
  readonly graph: SymbolicFlowGraph
  readonly linked: LinkedGraph
  /** One text each, code frames included. */
  readonly warnings: readonly string[]
}

/** A configuration, or why there is none, or that it is the one already being served. */
export type PrepareOutcome =
  | { readonly status: 'ready'; readonly config: PreparedConfig }
  | { readonly status: 'unchanged'; readonly graph: SymbolicFlowGraph }
  | { readonly status: 'failed'; readonly failure: ReloadProblem }

/** What is being served: a configuration that comes out the same is not linked again. */
export interface Served {
  readonly versionHash: string
  /** Of the files that the rules name, as they were read. */
  readonly filesDigest: string
  /** Of the features, when it was linked. */
  readonly revision: string
}

/** Reads, compiles and links the configuration: the same way for the start, `--check` and a reload. */
export async function prepareConfig(parts: PrepareParts, served?: Served): Promise<PrepareOutcome> {
  const { paths, features, engine } = parts
  const { graph, diagnostics, sources } = await parts.loadConfig(paths.configDir, {
    wasmDir: paths.wasmDir,
    ...(features.wasm === undefined ? {} : { wasm: features.wasm }),
  })
  const format = { sources, color: parts.color }
  if (graph === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    return failed(
      summarize(errors),
      withFeatureNotes(formatDiagnostics(diagnostics, format), errors, features),
      diagnostics,
    )
  }
  const isSame = graph.meta.versionHash === served?.versionHash && features.revision() === served.revision
  // The same rules may name certificates that have been renewed.
  if (isSame && (await engine.hashFiles(graph)) === served.filesDigest) return { status: 'unchanged', graph }
  try {
    const linked = await engine.link(graph)
    const warnings = [...diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, format)), ...linked.warnings]
    return { status: 'ready', config: { graph, linked, warnings } }
  } catch (error) {
    if (!(error instanceof VaneError) || error.kind === 'internal') throw error
    return failed(error.message, error.message, [])
  }
}

function failed(message: string, report: string, diagnostics: readonly Diagnostic[]): PrepareOutcome {
  return { status: 'failed', failure: { message, report, diagnostics } }
}

/** The first problem in one line, with how many more there are. */
function summarize(errors: readonly Diagnostic[]): string {
  const [first] = errors
  if (first === undefined) return 'the configuration has no graph'
  const place = first.span === undefined ? '' : `${first.span.file}:${first.span.line}:${first.span.column}: `
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  return `${place}${first.message}${more}`
}

/** The compiler can only say that a feature is missing; why it is, the daemon knows. */
function withFeatureNotes(report: string, errors: readonly Diagnostic[], features: OpenFeatures): string {
  if (!errors.some(({ code }) => code === 'plugin-unavailable')) return report
  const off = features.status.filter(({ on }) => !on)
  return [
    report,
    ...off.map(({ name, reason }) => `note: the feature "${name}" is off: ${reason ?? 'no reason given'}`),
  ].join('\n')
}
