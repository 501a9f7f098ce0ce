import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Proxy } from './proxy.ts'

const require = createRequire(import.meta.url)

/** http-proxy-3 with a keep-alive agent and X-Forwarded-For. */
export const httpProxy3: Proxy = createNodePeer('http-proxy-3', 'http-proxy-3-main.ts', () => versionOf('http-proxy-3'))

/** @fastify/http-proxy without a logger, on undici's kept connections. */
export const fastifyHttpProxy: Proxy = createNodePeer(
  '@fastify/http-proxy',
  'fastify-http-proxy-main.ts',
  () => `${versionOf('@fastify/http-proxy')} on fastify ${versionOf('fastify')}`,
)

/** Node's HTTP server with undici's dispatch behind it. */
export const undiciProxy: Proxy = createNodePeer(
  'http+undici',
  'undici-proxy-main.ts',
  () => `node:http ${process.versions.node} with undici ${versionOf('undici')}`,
)

/** A floor: a socket that answers everything alike. */
export const netFixed: Proxy = createNodePeer(
  'net-fixed',
  'net-fixed-main.ts',
  () => `node:net ${process.versions.node}`,
)

/** A floor: sockets that hand bytes on. */
export const netRelay: Proxy = createNodePeer(
  'net-relay',
  'net-relay-main.ts',
  () => `node:net ${process.versions.node}`,
)

function createNodePeer(name: string, file: string, version: () => string): Proxy {
  return {
    name,
    canRoute: false,
    canTls: false,
    canHttp2Upstream: false,
    missing: () => undefined,
    version,
    prepare: ({ port, upstreamPort, connections }) => {
      const numbers = [port, upstreamPort, Math.max(64, connections)].map(String)
      const args = [join(import.meta.dirname, file), ...numbers]
      return Promise.resolve({ command: process.execPath, args, env: { NODE_ENV: 'production' } })
    },
  }
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
