import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net'

/** A server of a test's own; it and its connections end with its scope. */
export interface TestServer extends AsyncDisposable {
  readonly port: number
  /** Connections accepted so far. */
  readonly sockets: Socket[]
}

/** An HTTP upstream. */
export async function startUpstream(
  handle: (req: IncomingMessage, res: ServerResponse) => unknown,
  configure: (server: Server) => void = () => {},
): Promise<TestServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => void handle(req, res))
  configure(server)
  return serve(server)
}

/** An upstream that speaks bytes. Each connection gets `handle`. */
export async function startRawUpstream(handle: (socket: Socket) => void): Promise<TestServer> {
  return serve(createNetServer({ allowHalfOpen: true }, handle))
}

/** A port that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = await startRawUpstream(() => {})
  await server[Symbol.asyncDispose]()
  return server.port
}

async function serve(server: ReturnType<typeof createNetServer>): Promise<TestServer> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Everything a request's body holds. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
