import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Launch } from '../process/launch.ts'
import type { Proxy, ProxySite } from './proxy.ts'

const require = createRequire(import.meta.url)

/** http-proxy-3 with a keep-alive agent and X-Forwarded-For. */
export const httpProxy3: Proxy = {
  name: 'http-proxy-3',
  canRoute: false,
  missing: () => undefined,
  version: () => versionOf('http-proxy-3'),
  prepare: (site) => Promise.resolve(launchServer('http-proxy-3-main.ts', site)),
}

/** @fastify/http-proxy without a logger, on undici's kept connections. */
export const fastifyHttpProxy: Proxy = {
  name: '@fastify/http-proxy',
  canRoute: false,
  missing: () => undefined,
  version: () => `${versionOf('@fastify/http-proxy')} on fastify ${versionOf('fastify')}`,
  prepare: (site) => Promise.resolve(launchServer('fastify-http-proxy-main.ts', site)),
}

function launchServer(file: string, { port, upstreamPort, connections }: ProxySite): Launch {
  const args = [join(import.meta.dirname, file), String(port), String(upstreamPort), String(Math.max(64, connections))]
  return { command: process.execPath, args, env: { NODE_ENV: 'production' } }
}

function versionOf(name: string): string {
  // Not every package exports its package.json, so it is looked for on disk.
  const folders = require.resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      return (require(join(folder, name, 'package.json')) as { version: string }).version
    } catch {
      continue
    }
  }
  return 'unknown'
}
