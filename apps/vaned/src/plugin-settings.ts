import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  formatDiagnostics,
  MAX_LIMITS_BYTES,
  parsePluginLimits,
  PluginPolicyTable,
  VaneError,
  type WrittenLimits,
} from 'vane-core'

/** What the operator says of plugins: what they may reach and use. */
export interface PluginSettings {
  readonly policies: PluginPolicyTable
  readonly limits: Readonly<Record<string, WrittenLimits>>
}

/**
 * Reads `policy.json` and `limits.json` in the folder of plugins. A file that is not there says nothing.
 *
 * @throws VaneError of kind `compile` that shows every mistake with its place.
 */
export async function readPluginSettings(wasmDir: string): Promise<PluginSettings> {
  return { policies: await PluginPolicyTable.loadFromDir(wasmDir), limits: await readLimits(wasmDir) }
}

async function readLimits(wasmDir: string): Promise<Readonly<Record<string, WrittenLimits>>> {
  const path = join(wasmDir, 'limits.json')
  const text = await readText(path)
  if (text === undefined) return {}
  const { limits, diagnostics } = parsePluginLimits(text, path)
  if (diagnostics.length > 0) {
    const report = formatDiagnostics(diagnostics, { sources: new Map([[path, text]]) })
    throw new VaneError({ kind: 'compile' }, `limits.json cannot be used\n\n${report}`)
  }
  return Object.fromEntries(limits)
}

async function readText(path: string): Promise<string | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    const reason = error instanceof Error ? error.message : String(error)
    throw new VaneError({ kind: 'compile' }, `${path} cannot be read: ${reason}`, { cause: error })
  }
  if (bytes.length > MAX_LIMITS_BYTES) {
    throw new VaneError({ kind: 'compile' }, `${path} is larger than ${MAX_LIMITS_BYTES} bytes`)
  }
  return bytes.toString('utf8')
}
