import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * An upstream that tells what it was sent, some of whose connections are reset as soon as a request begins. Each connection
 * carries one request.
 *
 * @param dies whether a connection does, by its number from 0.
 */
export async function startUnreliable(
  dies: (connection: number) => boolean,
  port = 0,
): Promise<{ readonly port: number }> {
  const doomed = new WeakSet<Socket>()
  let connections = 0
  const server = createServer((req, res) => {
    if (doomed.has(req.socket)) {
      req.socket.resetAndDestroy()
      return
    }
    let bytes = 0
    req.on('data', (chunk: Buffer) => (bytes += chunk.length))
    req.on('end', () => res.setHeader('connection', 'close').end(`${req.method} ${req.url} ${bytes}`))
  })
  server.on('connection', (socket: Socket) => {
    if (dies(connections++)) doomed.add(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port }
}
