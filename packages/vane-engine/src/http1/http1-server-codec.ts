import { DeadlineClock } from '../time/deadline-clock.ts'
import { HttpDate } from '../time/http-date.ts'
import { RequestDecoder } from './request-decoder.ts'
import { ServerConnection } from './server-connection.ts'
import type { ServerContext, ServerLimits } from './server-context.ts'
import type { HttpServerCodec } from './server-codec.ts'

/** HTTP/1.0 and 1.1 on sockets, TLS ones as well as plain. */
export function createHttp1ServerCodec(limits: ServerLimits): HttpServerCodec {
  const connections = new Set<ServerConnection>()
  const clock = new DeadlineClock()
  const context: ServerContext = {
    limits,
    decoder: new RequestDecoder(limits),
    clock,
    date: new HttpDate(),
    onClosed: (connection) => void connections.delete(connection),
  }
  return {
    serve(socket, session, headDeadlineMs) {
      const connection = new ServerConnection(socket, session, context)
      connection.start(headDeadlineMs)
      connections.add(connection)
    },
    closeIdle() {
      for (const connection of connections) connection.closeIfIdle()
    },
    close() {
      clock.close()
    },
  }
}
