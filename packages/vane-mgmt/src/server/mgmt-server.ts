import { createServer, type Socket } from 'node:net'
import { SILENT_LOGGER, type Logger } from 'vane-core'
import type { VerbHandlers } from './handlers.ts'
import { serveConnection, type ServedConnection } from './serve-connection.ts'
import { bindUnixSocket } from './unix-socket.ts'

/** Connections at once; a person and a few scripts need no more. */
const MAX_CONNECTIONS = 64
/** How long `close` waits for peers to take their last answers. */
const CLOSE_GRACE_MS = 500

/** What a management server is made of. */
export interface MgmtServerOptions {
  /** Absolute path of the Unix socket; its directory must exist. */
  readonly socketPath: string
  readonly handlers: VerbHandlers
  readonly logger?: Logger
}

/** The daemon's end of the management socket. */
export interface MgmtServer {
  readonly socketPath: string
  /**
   * Creates the socket: mode 0660, a stale one replaced.
   *
   * @throws VaneError of kind `io` where another daemon answers there, or the path cannot be had.
   */
  listen(): Promise<void>
  /** Removes the socket, lets open connections take the answers already written, and ends them. */
  close(): Promise<void>
}

/** Makes a server; nothing is open before `listen`. */
export function createMgmtServer(options: MgmtServerOptions): MgmtServer {
  const { socketPath, handlers, logger = SILENT_LOGGER } = options
  const connections = new Map<Socket, ServedConnection>()
  let unlink: (() => Promise<void>) | undefined
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.set(socket, serveConnection(socket, handlers, logger))
    socket.on('close', () => connections.delete(socket))
  })
  server.maxConnections = MAX_CONNECTIONS

  return {
    socketPath,
    async listen(): Promise<void> {
      unlink = await bindUnixSocket(server, socketPath)
      // Running out of file descriptors while accepting must not end the daemon.
      server.on('error', (error) => logger.warn({ err: error }, 'management socket failed'))
    },
    async close(): Promise<void> {
      await unlink?.()
      unlink = undefined
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of connections.values()) connection.end()
      const deadline = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy()
      }, CLOSE_GRACE_MS)
      await closed
      clearTimeout(deadline)
    },
  }
}
