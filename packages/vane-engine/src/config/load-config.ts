import { join, resolve } from 'node:path'
import {
  hasErrors,
  parseRuleFile,
  sortDiagnostics,
  type Diagnostic,
  type Rule,
  type SymbolicFlowGraph,
  type WasmRuntime,
} from 'vane-core'
import { BUILTIN_MIDDLEWARE } from '../compile/builtin-middleware.ts'
import { compileParsed } from '../compile/compile.ts'
import { BUILTINS_ONLY } from '../compile/metadata-provider.ts'
import { assumePlugins } from './assume-plugins.ts'
import { loadPlugins } from './load-plugins.ts'
import { findUnusedPlugins } from './find-unused-plugins.ts'
import { readPluginFiles } from './read-plugin-files.ts'
import { readRuleFiles } from './read-rule-files.ts'

export { comparesPaths } from '../link/compared-path.ts'
export { readDescribed } from '../link/described-request.ts'
export type { DescribedRequest } from '../link/described-request.ts'
export { findUnsupported } from '../link/unsupported.ts'

/** What {@link loadConfig} may be given. */
export interface LoadConfigOptions {
  /** Loads plugins; without it, a rule that names one is an error. */
  readonly wasm?: WasmRuntime
  /**
   * `assume` takes every export of a `.wasm` file that exists for stateless request middleware, without looking into it:
   * for tools that have no runtime. Default `load`.
   */
  readonly plugins?: 'load' | 'assume'
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
  const assumed = options.plugins === 'assume' ? assumePlugins(parsed, plugins.plugins) : undefined
  const plugin = assumed?.lookup ?? (wasm && (await loadPlugins(parsed, wasm, wasmDir)))
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
    assumedPlugins: assumed?.assumed ?? [],
    diagnostics: all,
    sources,
  }
}
