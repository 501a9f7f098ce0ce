import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Launch } from '../process/launch.ts'
import type { Proxy, ProxySite } from './proxy.ts'

const APP = join(import.meta.dirname, '../../../../apps/vaned')
const MAIN = join(APP, 'dist/main.js')
const NOT_BUILT = `${MAIN} is not there: run the root script build`

/** A plugin and its call sites in the rule's chain. */
export interface PluginChoice {
  /** Path of the `.wasm`. */
  readonly file: string
  readonly calls: readonly { readonly exportName: string; readonly args?: Readonly<Record<string, unknown>> }[]
  /** Entry in `limits.json`; undefined for the defaults. */
  readonly limits: Readonly<Record<string, number>> | undefined
}

/** The daemon as it is built, with one rule that forwards everything. */
export const vaned: Proxy = {
  name: 'vaned',
  missing: () => (existsSync(MAIN) ? undefined : NOT_BUILT),
  version: readVersion,
  prepare: (site) => prepareVaned(site, undefined),
}

/** The same with a plugin in the rule's chain. */
export function createVanedWithPlugin(plugin: PluginChoice): Proxy {
  return {
    name: 'vaned+plugin',
    missing: () => {
      if (!existsSync(MAIN)) return NOT_BUILT
      return existsSync(plugin.file) ? undefined : `${plugin.file} is not there: run the root script build`
    },
    version: () =>
      `${readVersion()} with ${basename(plugin.file)}: ${plugin.calls.map((call) => call.exportName).join(', ')}`,
    prepare: (site) => prepareVaned(site, plugin),
  }
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(APP, 'package.json'), 'utf8')) as { version: string }).version
}

async function prepareVaned(
  { folder, port, upstreamPort }: ProxySite,
  plugin: PluginChoice | undefined,
): Promise<Launch> {
  await mkdir(join(folder, 'rules'))
  await mkdir(join(folder, 'wasm'))
  const stem = plugin === undefined ? '' : basename(plugin.file, '.wasm')
  const pluginChain = (plugin?.calls ?? []).map(({ exportName, args }) => ({
    use: `${stem}:${exportName}`,
    ...(args && { args }),
  }))
  const rule = {
    name: 'all',
    listen: [`127.0.0.1:${port}`],
    middleware_chain: [{ use: 'forward_client_ip' }, ...pluginChain],
    terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstreamPort}` },
  }
  await writeFile(join(folder, 'rules/bench.json'), JSON.stringify({ rules: [rule] }, null, 2))
  if (plugin !== undefined) {
    await copyFile(plugin.file, join(folder, 'wasm', basename(plugin.file)))
    if (plugin.limits !== undefined)
      await writeFile(join(folder, 'wasm/limits.json'), JSON.stringify({ [stem]: plugin.limits }))
  }
  return {
    command: process.execPath,
    args: [MAIN, '--config', folder],
    env: {
      NODE_ENV: 'production',
      VANE_LOG_LEVEL: 'warn',
      VANE_MGMT_HTTP_PORT: '',
      VANE_MGMT_UNIX: join(folder, 'mgmt.sock'),
      VANE_STATE_DIR: join(folder, 'state'),
    },
  }
}
