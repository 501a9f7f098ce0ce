import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Route } from '../match/route-set.ts'
import type { Launch } from '../process/launch.ts'
import type { Proxy, ProxySite } from './proxy.ts'

const APP = join(import.meta.dirname, '../../../../apps/vaned')
const MAIN = join(APP, 'dist/main.js')
/** The floor's 1,000 requests a second on an HTTP/2 connection are what a load generator is there to exceed. */
const UNLIMITED_RATE = '1000000000'
const MAIN_WITH_FLOW_LOG = join(import.meta.dirname, 'vaned-main.ts')

/** A plugin and its call sites in the rule's chain. */
export interface PluginChoice {
  /** Path of the `.wasm`. */
  readonly file: string
  /** What the rules call it. */
  readonly stem: string
  readonly calls: readonly { readonly exportName: string; readonly args?: Readonly<Record<string, unknown>> }[]
  /** Entry in `limits.json`; undefined for the defaults. */
  readonly limits?: Readonly<Record<string, number>>
}

/** Which vaned runs. */
export interface VanedChoice {
  readonly name: string
  /** Default: on. */
  readonly flowLog?: boolean
  /** In every rule's chain, in this order. */
  readonly plugins?: readonly PluginChoice[]
  /** Options for Node. */
  readonly nodeArgs?: readonly string[]
}

/** The daemon as it is built; without routes it has one rule, which forwards everything. */
export function createVaned(choice: VanedChoice): Proxy {
  const { name, plugins = [], flowLog = true } = choice
  const calls = plugins.flatMap(({ stem, calls }) => calls.map(({ exportName }) => `${stem}:${exportName}`))
  return {
    name,
    canRoute: true,
    canTls: true,
    canHttp2Upstream: true,
    missing: () => {
      const absent = [MAIN, ...plugins.map(({ file }) => file)].find((file) => !existsSync(file))
      return absent === undefined ? undefined : `${absent} is not there: run the root script build`
    },
    version: () =>
      `${readVersion()}, flow log ${flowLog ? 'on' : 'off'}${calls.length === 0 ? '' : `, with ${calls.join(', ')}`}`,
    prepare: (site) => prepareVaned(site, choice),
  }
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(APP, 'package.json'), 'utf8')) as { version: string }).version
}

async function prepareVaned(
  site: ProxySite,
  { plugins = [], flowLog = true, nodeArgs = [] }: VanedChoice,
): Promise<Launch> {
  const { folder } = site
  await mkdir(join(folder, 'rules'))
  await mkdir(join(folder, 'wasm'))
  await writeFile(join(folder, 'rules/bench.json'), JSON.stringify({ rules: createRules(site, plugins) }, null, 2))
  await Promise.all(plugins.map(({ file, stem }) => copyFile(file, join(folder, 'wasm', `${stem}.wasm`))))
  const limits = plugins.flatMap(({ stem, limits }) => (limits === undefined ? [] : [[stem, limits] as const]))
  if (limits.length > 0) await writeFile(join(folder, 'wasm/limits.json'), JSON.stringify(Object.fromEntries(limits)))
  return {
    command: process.execPath,
    args: [...nodeArgs, ...(flowLog ? [MAIN_WITH_FLOW_LOG, folder] : [MAIN, '--config', folder])],
    env: {
      NODE_ENV: 'production',
      VANE_LOG_LEVEL: 'warn',
      VANE_MGMT_HTTP_PORT: '',
      VANE_MGMT_UNIX: join(folder, 'mgmt.sock'),
      VANE_STATE_DIR: join(folder, 'state'),
      ...(site.certificate !== undefined && { VANE_SEC_MAX_REQUEST_RATE_PER_CONN: UNLIMITED_RATE }),
    },
  }
}

function createRules(
  { port, upstreamPort, upstreamVersion, routes, certificate }: ProxySite,
  plugins: readonly PluginChoice[],
): object[] {
  const chain = plugins.flatMap(({ stem, calls }) =>
    calls.map(({ exportName, args }) => ({ use: `${stem}:${exportName}`, ...(args && { args }) })),
  )
  const toRule = (route: Route | undefined, index: number): object => ({
    name: `rule-${index}`,
    listen: [`127.0.0.1:${port}`],
    ...(route && {
      match: [{ 'http.host': { equals: route.host } }, { 'http.uri.path': { path_prefix: route.path } }],
    }),
    middleware_chain: [{ use: 'forward_client_ip' }, ...chain],
    ...(certificate && { tls: { cert_file: certificate.certFile, key_file: certificate.keyFile } }),
    terminate: {
      type: 'http_proxy',
      upstream: `127.0.0.1:${upstreamPort}`,
      ...(upstreamVersion === '2' && { version: 'h2' }),
    },
  })
  return routes.length === 0 ? [toRule(undefined, 0)] : routes.map(toRule)
}
