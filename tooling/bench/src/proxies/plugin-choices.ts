import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UsageError } from '../usage-error.ts'
import type { PluginChoice } from './vaned.ts'

const EXAMPLES = join(import.meta.dirname, '../../../../examples/plugins/dist')
/** A JavaScript engine does not fit in less. */
const TYPESCRIPT_MEMORY_MB = 4

/** The quickstart's chain, written in TypeScript: one call on the way there, one on the way back. */
const QUICKSTART_PLUGIN: PluginChoice = {
  file: join(EXAMPLES, 'hello-ts.wasm'),
  stem: 'hello-ts',
  calls: [{ exportName: 'greet' }, { exportName: 'stamp', args: { name: 'x-vane', value: 'stamped by a plugin' } }],
  limits: { memory_mb: TYPESCRIPT_MEMORY_MB },
}

/** So many plugins that are as fast as plugins can be: each looks for a header that no request has. */
export function createPlugins(count: number): PluginChoice[] {
  return Array.from({ length: count }, (_, index) => ({
    file: join(EXAMPLES, 'block-wat.wasm'),
    // Files of their own, so that each has instances of its own.
    stem: `block-${index + 1}`,
    calls: [{ exportName: 'block' }],
  }))
}

/**
 * Reads a plugin of the command line: `typescript` or `FILE.wasm:EXPORT`.
 *
 * @throws UsageError
 */
export function parsePlugin(text: string): PluginChoice {
  if (text === 'typescript') return QUICKSTART_PLUGIN
  const [, file, exportName] = /^(.+\.wasm):([^:]+)$/.exec(text) ?? []
  if (file === undefined || exportName === undefined)
    throw new UsageError(`--plugin takes typescript or FILE.wasm:EXPORT, not ${text}`)
  if (!existsSync(file)) throw new UsageError(`--plugin: there is no ${file}`)
  return { file: resolve(file), stem: basename(file, '.wasm'), calls: [{ exportName }], limits: { memory_mb: 64 } }
}
