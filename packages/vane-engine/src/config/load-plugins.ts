import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import {
  parsePluginRef,
  quoted,
  suggest,
  VaneError,
  type ParsedRuleFile,
  type PluginMetadata,
  type PluginRef,
  type Problem,
  type WasmRuntime,
  type WrittenLimits,
} from 'vane-core'
import type { PluginResolution } from '../compile/metadata-provider.ts'
import { describeIoError, errorCode } from './io-error.ts'

/** What plugins are loaded with. */
export type PluginLoader = Pick<WasmRuntime, 'loadComponent'>

/**
 * Opens what plugins are loaded with, under the limits of `limits.json`; `undefined` where there is nothing to load them with.
 * Closed once the configuration has been read.
 */
export type OpenPlugins = (
  limits: Readonly<Record<string, WrittenLimits>>,
) => Promise<(PluginLoader & { close(): Promise<void> }) | undefined>

/** A `.wasm` file that rules name: what it says of itself, or why it cannot be used. */
type LoadedPlugin = { readonly path: string; readonly metadata: PluginMetadata } | { readonly problem: Problem }

/** Answers what a plugin reference is, from the metadata loaded before. */
export type PluginLookup = (ref: PluginRef) => PluginResolution

/** Loads the metadata of every plugin that rules name, one after the other: each load may be a compilation of its own. */
export async function loadPlugins(
  parsed: readonly ParsedRuleFile[],
  wasm: PluginLoader,
  wasmDir: string,
): Promise<PluginLookup> {
  const plugins = new Map<string, LoadedPlugin>()
  for (const stem of pluginStems(parsed)) plugins.set(stem, await loadPlugin(stem, wasm, wasmDir))
  return ({ stem, exportName }) => {
    const plugin = plugins.get(stem)
    // Only stems that no rule names are absent here.
    if (plugin === undefined) return { problem: { code: 'unknown-plugin', message: `${stem}.wasm was not loaded` } }
    return 'problem' in plugin ? plugin : findExport(plugin.path, plugin.metadata, exportName)
  }
}

/** The stems of the plugins that rules name, in the order of their first mention. */
export function pluginStems(parsed: readonly ParsedRuleFile[]): Set<string> {
  const stems = new Set<string>()
  for (const { file } of parsed) {
    for (const rule of [...(file?.rules ?? []), ...(file?.broken ?? [])]) {
      if ('preset' in rule) continue
      for (const { use } of rule.middlewareChain) {
        const ref = parsePluginRef(use)
        if (ref !== undefined) stems.add(ref.stem)
      }
    }
  }
  return stems
}

async function loadPlugin(stem: string, wasm: PluginLoader, wasmDir: string): Promise<LoadedPlugin> {
  let path: string
  try {
    // A module's identity is its canonical path.
    path = await realpath(join(wasmDir, `${stem}.wasm`))
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return { problem: await missingPlugin(stem, wasmDir) }
    return { problem: { code: 'unknown-plugin', message: `cannot read ${stem}.wasm: ${describeIoError(cause)}` } }
  }
  try {
    return { path, metadata: await wasm.loadComponent(path) }
  } catch (cause) {
    const reason = cause instanceof VaneError || cause instanceof Error ? cause.message : String(cause)
    return { problem: { code: 'plugin-refused', message: reason } }
  }
}

async function missingPlugin(stem: string, wasmDir: string): Promise<Problem> {
  const files = await readdir(wasmDir).catch(() => [])
  const stems = files.filter((name) => name.endsWith('.wasm')).map((name) => name.slice(0, -'.wasm'.length))
  const near = suggest(stem, stems)
  return {
    code: 'unknown-plugin',
    message: `there is no ${stem}.wasm in ${wasmDir}`,
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
  }
}

function findExport(path: string, metadata: PluginMetadata, exportName: string): PluginResolution {
  const found = metadata.exports.find((candidate) => candidate.name === exportName)
  if (found !== undefined) {
    const { kind, stateless, needsBody, inspects } = found
    return { path, meta: { kind, stateless, needsBody, inspects } }
  }
  const names = metadata.exports.map((candidate) => candidate.name)
  const near = suggest(exportName, names)
  const suggestion = near === undefined ? `it exports ${names.join(', ') || 'nothing'}` : `did you mean "${near}"?`
  const message = `it has no export ${quoted(exportName)}`
  return { problem: { code: 'unknown-export', message, suggestion } }
}
