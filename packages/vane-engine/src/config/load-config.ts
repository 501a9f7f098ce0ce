import { join, resolve } from 'node:path'
import {
  hasErrors,
  parseRuleFile,
  sortDiagnostics,
  type Diagnostic,
  type ParsedRuleFile,
  type Rule,
  type SymbolicFlowGraph,
} from 'vane-core'
import { BUILTIN_MIDDLEWARE } from '../compile/builtin-middleware.ts'
import { compileParsed } from '../compile/compile.ts'
import { BUILTINS_ONLY } from '../compile/metadata-provider.ts'
import { assumePlugins } from './assume-plugins.ts'
import { loadPlugins, pluginStems, type OpenPlugins, type PluginLoader, type PluginLookup } from './load-plugins.ts'
import { findUnusedPlugins } from './find-unused-plugins.ts'
import { readPluginFiles, type PluginFiles } from './read-plugin-files.ts'
import { readRuleFiles } from './read-rule-files.ts'

export { comparesPaths } from '../link/compared-path.ts'
export { readDescribed } from '../link/described-request.ts'
export type { DescribedRequest } from '../link/described-request.ts'
export { loadSettings } from './env.ts'
export type { LoadedSettings } from './env.ts'
export type { OpenPlugins } from './load-plugins.ts'
export { findUnsupported } from '../link/unsupported.ts'

/** What {@link loadConfig} may be given. */
export interface LoadConfigOptions {
  /** Loads plugins; without it, a rule that names one is an error. */
  readonly wasm?: PluginLoader
  /**
   * Instead of `wasm`, for tools that may have no runtime, and need none for most configurations: asked only where a rule names
   * a plugin that is there. If it has none, every export of that plugin is taken for stateless request middleware.
   */
  readonly openPlugins?: OpenPlugins
  /** Where `.wasm` files are; default `wasm` in the configuration directory. */
  readonly wasmDir?: string
}

/** A configuration directory, compiled. */
export interface LoadedConfig {
  /** `undefined` if and only if a diagnostic is an error. */
  readonly graph: SymbolicFlowGraph | undefined
  /** What the files say: presets expanded, in the order they are written in. */
  readonly rules: readonly Rule[]
  /** Names of the plugin files that were not looked into. */
  readonly assumedPlugins: readonly string[]
  /** Sorted by file and line. */
  readonly diagnostics: readonly Diagnostic[]
  /** Text by file, for code frames. */
  readonly sources: ReadonlyMap<string, string>
}

/**
 * Reads a configuration directory and compiles it. Each file is read once, so that diagnostics and graph speak of the same
 * text. Never throws for what it finds there: everything wrong with it is a diagnostic.
 */
export async function loadConfig(dir: string, options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const root = resolve(dir)
  const { files, diagnostics } = await readRuleFiles(root)
  const parsed = files.map(parseRuleFile)
  const { wasm, wasmDir = join(root, 'wasm') } = options
  const plugins = await readPluginFiles(wasmDir)
  const sources = new Map([...files.map((file) => [file.path, file.text] as const), ...plugins.sources])
  const { lookup: plugin, assumed } =
    options.openPlugins === undefined
      ? { lookup: wasm && (await loadPlugins(parsed, wasm, wasmDir)), assumed: [] }
      : await lookIntoPlugins(parsed, plugins, { openPlugins: options.openPlugins, wasmDir })
  const middleware = plugin === undefined ? BUILTINS_ONLY : { builtins: BUILTIN_MIDDLEWARE, plugin }
  const compiled = compileParsed(parsed, middleware)
  // What could not be read explains a lack of rules better than "no rule" does.
  const rest = hasErrors(diagnostics)
    ? compiled.diagnostics.filter((diagnostic) => diagnostic.code !== 'no-rules')
    : compiled.diagnostics
  const unused = findUnusedPlugins(parsed, plugins.plugins)
  const all = sortDiagnostics([...diagnostics, ...plugins.diagnostics, ...rest, ...unused])
  return {
    graph: hasErrors(all) ? undefined : compiled.graph,
    rules: compiled.rules,
    assumedPlugins: assumed,
    diagnostics: all,
    sources,
  }
}

/** What plugins are, with as little effort as possible: a runtime takes longer to come than rules take to compile. */
async function lookIntoPlugins(
  parsed: readonly ParsedRuleFile[],
  files: PluginFiles,
  { openPlugins, wasmDir }: { readonly openPlugins: OpenPlugins; readonly wasmDir: string },
): Promise<{ readonly lookup: PluginLookup; readonly assumed: readonly string[] }> {
  const named = pluginStems(parsed)
  const isNeeded = files.plugins.some(({ stem }) => named.has(stem))
  const wasm = isNeeded ? await openPlugins(Object.fromEntries(files.limits)) : undefined
  if (wasm === undefined) return assumePlugins(parsed, files.plugins)
  try {
    return { lookup: await loadPlugins(parsed, wasm, wasmDir), assumed: [] }
  } finally {
    await wasm.close()
  }
}
