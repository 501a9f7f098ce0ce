import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import {
  MAX_LIMITS_BYTES,
  MAX_POLICY_BYTES,
  parsePluginLimits,
  parsePluginPolicies,
  quoted,
  SourceText,
  suggest,
  type Diagnostic,
  type SourceSpan,
  type WrittenLimits,
} from 'vane-core'
import { readBounded } from './read-bounded.ts'

/** A `.wasm` file. */
export interface PluginFile {
  /** Its name without the ending. */
  readonly stem: string
  /** Where links lead, if it is one: several names may be one plugin. */
  readonly realPath: string
}

/** What stands beside the plugins: which there are, what they may use and reach. */
export interface PluginFiles {
  /** Sorted by stem. */
  readonly plugins: readonly PluginFile[]
  readonly limits: ReadonlyMap<string, WrittenLimits>
  /** Of `limits.json` and `policy.json`. */
  readonly diagnostics: readonly Diagnostic[]
  /** Text by file, for code frames. */
  readonly sources: ReadonlyMap<string, string>
}

/**
 * Reads `limits.json` and `policy.json` in a folder of plugins, and lists the plugins. No folder is an empty one. An entry
 * for a plugin that is not there is a warning.
 */
export async function readPluginFiles(wasmDir: string): Promise<PluginFiles> {
  const plugins = await listPlugins(wasmDir)
  const stems = plugins.map(({ stem }) => stem)
  const diagnostics: Diagnostic[] = []
  const sources = new Map<string, string>()
  const read = async (name: string, maxBytes: number): Promise<{ path: string; text: string } | undefined> => {
    const path = `wasm/${name}`
    const file = await readBounded(join(wasmDir, name), { path, maxBytes })
    if ('text' in file) {
      sources.set(path, file.text)
      return { path, text: file.text }
    }
    if (!file.isAbsent) diagnostics.push(file.problem)
    return undefined
  }

  const limitsFile = await read('limits.json', MAX_LIMITS_BYTES)
  const limits = limitsFile === undefined ? undefined : parsePluginLimits(limitsFile.text, limitsFile.path)
  diagnostics.push(...(limits?.diagnostics ?? []))
  const policyFile = await read('policy.json', MAX_POLICY_BYTES)
  const policies = policyFile === undefined ? undefined : parsePluginPolicies(policyFile.text, policyFile.path)
  diagnostics.push(...(policies?.diagnostics ?? []))
  for (const [file, entries] of [
    [limitsFile, limits?.limits.keys()],
    [policyFile, policies?.policies.keys()],
  ] as const) {
    if (file !== undefined) diagnostics.push(...findIdleEntries(file, [...(entries ?? [])], stems))
  }
  return { plugins, limits: limits?.limits ?? new Map<string, WrittenLimits>(), diagnostics, sources }
}

async function listPlugins(wasmDir: string): Promise<PluginFile[]> {
  const names = await readdir(wasmDir).catch(() => [])
  const files = names.filter((name) => name.endsWith('.wasm') && !name.startsWith('.')).toSorted()
  return Promise.all(
    files.map(async (name) => {
      const path = join(wasmDir, name)
      return { stem: name.slice(0, -'.wasm'.length), realPath: await realpath(path).catch(() => path) }
    }),
  )
}

function findIdleEntries(
  { path, text }: { readonly path: string; readonly text: string },
  entries: readonly string[],
  stems: readonly string[],
): Diagnostic[] {
  return entries
    .filter((stem) => !stems.includes(stem))
    .map((stem) => {
      const near = suggest(stem, stems)
      return {
        severity: 'warning',
        code: 'unknown-plugin',
        message: `${path} has an entry for ${quoted(stem)}, but there is no such plugin`,
        span: placeOfKey({ path, text }, stem),
        ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
      }
    })
}

/** A stem is no part of a JSON escape, and keys of the file's first level are all there are that name plugins. */
function placeOfKey(file: { readonly path: string; readonly text: string }, stem: string): SourceSpan {
  const key = JSON.stringify(stem)
  const offset = file.text.indexOf(key)
  return new SourceText(file).span(Math.max(0, offset), offset === -1 ? 0 : key.length)
}
