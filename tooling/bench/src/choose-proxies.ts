import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageError, type BenchOptions } from './options.ts'
import { haproxy } from './proxies/haproxy.ts'
import { nginx } from './proxies/nginx.ts'
import { fastifyHttpProxy, httpProxy3 } from './proxies/node-peers.ts'
import type { Proxy } from './proxies/proxy.ts'
import { createVanedWithPlugin, vaned, type PluginChoice } from './proxies/vaned.ts'

/** Name of the run that goes straight to the upstream, to show what the load generator can do. */
export const DIRECT = 'direct'

/** The quickstart's chain: one call on the way there, one on the way back. */
const QUICKSTART_PLUGIN: PluginChoice = {
  file: join(import.meta.dirname, '../../../examples/plugins/dist/hello-ts.wasm'),
  calls: [{ exportName: 'greet' }, { exportName: 'stamp', args: { name: 'x-vane', value: 'stamped by a plugin' } }],
  limits: { memory_mb: 4 },
}

/**
 * Gives the proxies of a run, in the order of the table.
 *
 * @throws UsageError for a name that no proxy has
 */
export function chooseProxies({ only, plugin }: BenchOptions): { proxies: Proxy[]; direct: boolean } {
  const all = [vaned, createVanedWithPlugin(parsePlugin(plugin)), nginx, haproxy, httpProxy3, fastifyHttpProxy]
  const unknown = only?.find((name) => name !== DIRECT && !all.some((proxy) => proxy.name === name))
  if (unknown !== undefined)
    throw new UsageError(`--only names ${unknown}; there are ${[DIRECT, ...all.map((proxy) => proxy.name)].join(', ')}`)
  return { proxies: all.filter((proxy) => only?.includes(proxy.name) ?? true), direct: only?.includes(DIRECT) ?? true }
}

function parsePlugin(text: string | undefined): PluginChoice {
  if (text === undefined) return QUICKSTART_PLUGIN
  const [, file, exportName] = /^(.+\.wasm):([^:]+)$/.exec(text) ?? []
  if (file === undefined || exportName === undefined)
    throw new UsageError(`--plugin takes FILE.wasm:EXPORT, not ${text}`)
  if (!existsSync(file)) throw new UsageError(`--plugin: there is no ${file}`)
  return { file: resolve(file), calls: [{ exportName }], limits: { memory_mb: 64 } }
}
