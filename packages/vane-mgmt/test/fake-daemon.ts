import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Logger } from 'vane-core'
import { createMgmtServer, type MgmtServer, type VerbHandlers } from '../src/index.ts'
import { temporaryDir } from './temporary-dir.ts'

/** Handlers that answer something; `overrides` replaces those a test is about. */
export function fakeHandlers(overrides: Partial<VerbHandlers> = {}): VerbHandlers {
  const unexpected = (): never => {
    throw new Error('this verb was not expected')
  }
  return {
    ping: () => ({ version: '1.2.3', pid: 42, uptime_ms: 7, state: 'serving' }),
    stats: unexpected,
    get_pools: () => ({ wasm: [], fetches: [], cgi: null }),
    get_upstreams: unexpected,
    pool_drain: unexpected,
    get_config: unexpected,
    reload: unexpected,
    set_flow_verbosity: unexpected,
    tail_flow: unexpected,
    shutdown: (args) => ({ timeout_secs: args.timeout_secs ?? 30 }),
    ...overrides,
  }
}

/** A listening server in a directory of its own, closed after the test. */
export async function startServer(
  options: { handlers?: Partial<VerbHandlers>; socketPath?: string; logger?: Logger } = {},
): Promise<MgmtServer> {
  const server = createMgmtServer({
    socketPath: options.socketPath ?? join(temporaryDir(), 'vaned.sock'),
    handlers: fakeHandlers(options.handlers),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  })
  await server.listen()
  onTestFinished(() => server.close())
  return server
}

/** A socket whose other end does what `onConnection` says; for daemons that misbehave. */
export async function startRawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const socketPath = join(temporaryDir(), 'raw.sock')
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return socketPath
}
