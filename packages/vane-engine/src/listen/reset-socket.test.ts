import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../test/support/until.ts'
import { resetSocket } from './reset-socket.ts'

/** Both ends of a connection; what happens to the first is noted. */
async function startPair(): Promise<{ socket: Socket; peer: Socket; heard: string[]; peerHeard: string[] }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [socket] = (await accepted) as [Socket]
  onTestFinished(() => {
    peer.destroy()
    server.close()
  })
  const [heard, peerHeard]: [string[], string[]] = [[], []]
  socket.on('close', () => heard.push('close')).on('error', (error) => heard.push(error.message))
  peer.on('error', (error) => peerHeard.push('code' in error ? String(error.code) : '')).resume()
  return { socket, peer, heard, peerHeard }
}

test.each<[string, (socket: Socket) => void]>([
  ['nothing', () => {}],
  ['its end', (socket) => socket.end()],
  ['bytes and its end', (socket) => socket.end('bytes')],
  ['more than the peer takes', (socket) => socket.end(Buffer.alloc(16 << 20))],
])('a socket is closed, and its peer hears of a reset, where there is on its way: %s', async (_what, begin) => {
  const { socket, peer, heard, peerHeard } = await startPair()
  peer.pause()
  begin(socket)
  resetSocket(socket)
  await until('its close', () => heard.length > 0)
  peer.resume()
  // Where the end was first, the peer knows only by what it writes.
  const writing = setInterval(() => peer.write('x'), 5)
  onTestFinished(() => clearInterval(writing))
  await until('a reset', () => peerHeard.length > 0)
  expect(heard).toEqual(['close'])
  expect(['ECONNRESET', 'EPIPE']).toContain(peerHeard[0])
})
