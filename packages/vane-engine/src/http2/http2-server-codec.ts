import type { ServerLimits } from '../http1/server-context.ts'
import type { HttpServerCodec } from '../http1/server-codec.ts'
import { ServerConnection } from './server-connection.ts'

/** The limits an HTTP/2 codec keeps. */
export interface Http2ServerLimits extends ServerLimits {
  /** Requests of one connection that may be open at once; further ones are refused. */
  readonly maxStreamsPerConn: number
  /** Requests of one connection in a second; over: GOAWAY. */
  readonly maxRequestRatePerConn: number
}

/**
 * HTTP/2 (RFC 9113) for clients that have agreed on it by ALPN or begin with its preface. The socket may have been read from:
 * what was read is put back with `unshift` before it is handed over.
 */
export function createHttp2ServerCodec(limits: Http2ServerLimits): HttpServerCodec {
  const connections = new Set<ServerConnection>()
  return {
    serve(socket, session, headDeadlineMs) {
      socket.setNoDelay(true)
      const connection = new ServerConnection(socket, session, {
        limits,
        headDeadlineMs,
        onClosed: () => connections.delete(connection),
      })
      connections.add(connection)
      connection.start()
    },
    closeIdle() {
      for (const connection of connections) connection.drain()
    },
    // Every clock belongs to a connection.
    close() {},
  }
}
