import { join } from 'node:path'
import type { PluginChoice } from './vaned.ts'

const EXAMPLES = join(import.meta.dirname, '../../../../examples/plugins/dist')
/** A JavaScript engine does not fit in less. */
const TYPESCRIPT_MEMORY_MB = 4

/** The quickstart's chain, written in TypeScript: one call on the way there, one on the way back. */
export const QUICKSTART_PLUGIN: PluginChoice = {
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
