import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { BenchOptions } from './options.ts'
import { haproxy } from './proxies/haproxy.ts'
import { nginx } from './proxies/nginx.ts'
import { fastifyHttpProxy, httpProxy3 } from './proxies/node-peers.ts'
import { createPlugins, QUICKSTART_PLUGIN } from './proxies/plugin-choices.ts'
import type { Proxy } from './proxies/proxy.ts'
import { createVaned, type PluginChoice } from './proxies/vaned.ts'
import { UsageError } from './usage-error.ts'
import type { Case } from './workload/case.ts'
import { LOADS, type Load } from './workload/loads.ts'

/** Name of the run that goes straight to the upstream, to show what the load generator can do. */
export const DIRECT = 'direct'

const vaned = createVaned({ name: 'vaned' })
const vanedWithoutFlowLog = createVaned({ name: 'vaned-no-flow-log', flowLog: false })
const PEERS: readonly Proxy[] = [nginx, haproxy, httpProxy3, fastifyHttpProxy]
/** What `--quick` compares with. */
const QUICK_PEERS: readonly Proxy[] = [nginx, fastifyHttpProxy]

/**
 * Gives the cases of a run, in the order of their tables.
 *
 * @throws UsageError for a name that no workload and no proxy has
 */
export function chooseCases(options: BenchOptions): Case[] {
  const all = ['small', '16k', '1m-down', '1m-up', 'rules', 'plugins']
  const unknown = options.workloads.find((name) => !all.includes(name) && name !== 'all')
  if (unknown !== undefined) throw new UsageError(`--workload names ${unknown}; there are ${all.join(', ')}, all`)
  const names = options.workloads.includes('all') ? all : options.workloads
  const cases = names.map((name) => createCase(name, options))
  return options.only === undefined ? cases : restrict(cases, options.only)
}

function createCase(name: string, options: BenchOptions): Case {
  const load = findLoad(name === 'plugins' ? 'small' : name)
  return {
    name,
    load,
    connections: options.connections ?? load.connections,
    mode: { kind: 'closed' },
    direct: load.routes.length === 0,
    proxies: chooseProxies(name, options).filter((proxy) => load.routes.length === 0 || proxy.canRoute),
  }
}

function chooseProxies(name: string, { quick, plugin }: BenchOptions): readonly Proxy[] {
  if (name === 'plugins') {
    const added = plugin === undefined ? [] : [createVaned({ name: 'vaned+plugin', plugins: [parsePlugin(plugin)] })]
    return [
      vaned,
      createVaned({ name: 'vaned+1', plugins: createPlugins(1) }),
      createVaned({ name: 'vaned+3', plugins: createPlugins(3) }),
      ...added,
      nginx,
    ]
  }
  if (quick) return [vaned, ...QUICK_PEERS]
  return name === 'small' ? [vaned, vanedWithoutFlowLog, ...PEERS] : [vaned, ...PEERS]
}

function findLoad(name: string): Load {
  const load = LOADS.find((candidate) => candidate.name === name)
  if (load === undefined) throw new Error(`there is no load ${name}`)
  return load
}

function restrict(cases: readonly Case[], only: readonly string[]): Case[] {
  const known = new Set([DIRECT, ...cases.flatMap(({ proxies }) => proxies.map(({ name }) => name))])
  const unknown = only.find((name) => !known.has(name))
  if (unknown !== undefined) throw new UsageError(`--only names ${unknown}; there are ${[...known].join(', ')}`)
  return cases.map((one) => ({
    ...one,
    proxies: one.proxies.filter(({ name }) => only.includes(name)),
    direct: one.direct && only.includes(DIRECT),
  }))
}

function parsePlugin(text: string): PluginChoice {
  if (text === 'typescript') return QUICKSTART_PLUGIN
  const [, file, exportName] = /^(.+\.wasm):([^:]+)$/.exec(text) ?? []
  if (file === undefined || exportName === undefined)
    throw new UsageError(`--plugin takes typescript or FILE.wasm:EXPORT, not ${text}`)
  if (!existsSync(file)) throw new UsageError(`--plugin: there is no ${file}`)
  return {
    file: resolve(file),
    stem: basename(file, '.wasm'),
    calls: [{ exportName }],
    limits: { memory_mb: 64 },
  }
}
