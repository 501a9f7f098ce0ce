import { formatDiagnostics, hasErrors, sortDiagnostics, type Diagnostic } from 'vane-core'
import { findUnsupported, loadConfig, loadSettings, type LoadedConfig } from 'vane-engine/config'
import { printable } from '../output/blocks.ts'
import type { RunSurroundings } from '../run-result.ts'
import { openPluginsFor } from './open-plugins.ts'

/** A configuration directory as far as it can be told without a daemon. */
export interface ReadConfig extends LoadedConfig {
  /** What was taken for granted, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Reads and compiles a configuration directory, and checks the settings beside it. What `vaned` of this version would refuse
 * to run is a warning here. The environment is not read: it is the daemon's that counts.
 */
export async function readConfig(dir: string, { variables }: Pick<RunSurroundings, 'variables'>): Promise<ReadConfig> {
  const loaded = await loadConfig(dir, { openPlugins: openPluginsFor(variables) })
  const settings = await loadSettings(dir, {})
  const missing = loaded.graph === undefined ? [] : findUnsupported(loaded.graph)
  const warnings = missing.map((diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' }))
  const notes =
    loaded.assumedPlugins.length === 0
      ? []
      : [
          `${loaded.assumedPlugins.join(', ')}: cannot be looked into, because vane-wasm is not installed here; each export is ` +
            'taken for stateless request middleware that needs no body',
        ]
  return {
    ...loaded,
    graph: hasErrors(settings.diagnostics) ? undefined : loaded.graph,
    diagnostics: sortDiagnostics([...settings.diagnostics, ...loaded.diagnostics, ...warnings]),
    // Lines of `.env` hold secrets: their places will do.
    sources: new Map([...loaded.sources, ...[...settings.sources].filter(([file]) => file !== '.env')]),
    notes,
  }
}

/** Diagnostics with code frames, and the notes, for standard error; empty where there are none. */
export function reportOf({ diagnostics, sources, notes }: ReadConfig, { color }: RunSurroundings): string {
  const parts = [formatDiagnostics(diagnostics, { sources, color }), ...notes.map((note) => printable(`note: ${note}`))]
  return parts
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n')
}
