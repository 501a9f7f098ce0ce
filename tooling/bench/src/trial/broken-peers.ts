import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { findProgram } from '../process/find-program.ts'
import { startDaemon } from './daemon.ts'
import { expect, type Trial } from './trial.ts'

/** What curl ends with when a transfer breaks off: partial file, receive error, or an HTTP/1.1 framing error. */
const BROKEN_OFF = new Set([18, 52, 56])

/** Peers that die in the middle, on either side. */
export const brokenPeers: Trial = {
  name: 'peers that die in the middle',
  needs: ['curl'],
  async run({ folder, children }) {
    const upstreamSockets: Socket[] = []
    const slowRequest = Promise.withResolvers<Socket>()
    const upstream = createServer((socket) => {
      upstreamSockets.push(socket)
      socket.on('error', () => {})
      socket.on('data', (data) => answer(data.toString('latin1'), socket, slowRequest.resolve))
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const upstreamPort = (upstream.address() as AddressInfo).port
    const daemon = await startDaemon({
      folder,
      children,
      rules: (port) => ({
        rules: [
          {
            name: 'trial',
            listen: [`127.0.0.1:${port}`],
            terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstreamPort}` },
          },
        ],
      }),
    })
    try {
      const curl = async (path: string): Promise<number> => {
        const child = await children.start({
          command: findProgram('curl') ?? 'curl',
          args: ['-sS', '-o', '/dev/null', daemon.url + path],
        })
        return child.ended
      }
      const lines: string[] = []
      for (const path of ['/dies-chunked', '/dies-length', '/resets']) {
        const code = await curl(path)
        expect(BROKEN_OFF.has(code), `${path}: curl took a broken response for complete (exit code ${code})`)
        lines.push(`upstream ${path.slice(1)} in mid-response: curl ended with ${code}`)
      }

      const client = connect(daemon.port, '127.0.0.1')
      client.write('GET /slow HTTP/1.1\r\nhost: a.test\r\n\r\n')
      const slow = await slowRequest.promise
      const closed = once(slow, 'close', { signal: AbortSignal.timeout(5_000) })
      client.resetAndDestroy()
      await closed
      lines.push('client reset: the upstream request was canceled')

      for (let i = 0; i < 50; i++) await resetMidway(daemon.port)
      expect((await curl('/')) === 0, 'the daemon did not answer after resets')
      lines.push('50 clients reset in the middle of a request: the daemon answers as before')
      return lines
    } finally {
      for (const socket of upstreamSockets) socket.destroy()
      upstream.close()
    }
  },
}

function answer(request: string, socket: Socket, onSlow: (socket: Socket) => void): void {
  const path = /^\S+ (\S+)/.exec(request)?.[1]
  const head = 'HTTP/1.1 200 OK\r\n'
  if (path === '/dies-chunked') socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`)
  else if (path === '/dies-length') socket.end(`${head}content-length: 100\r\n\r\nhello`)
  else if (path === '/resets') socket.write(`${head}content-length: 100\r\n\r\nhello`, () => socket.resetAndDestroy())
  else if (path === '/slow') onSlow(socket)
  else socket.write(`${head}content-length: 2\r\n\r\nok`)
}

/** Sends the beginning of an upload and resets the connection. */
async function resetMidway(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  await new Promise((resolve) =>
    socket.write('POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1000\r\n\r\nhalf', resolve),
  )
  socket.resetAndDestroy()
  await once(socket, 'close')
}
