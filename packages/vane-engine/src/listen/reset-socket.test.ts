import { connect, createServer, type AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../test/support/until.ts'
import { resetSocket } from './reset-socket.ts'

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const accepted: Socket[] = []
  const server = createServer((socket) => accepted.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void far.destroy())
  return { near: await until('accepted', () => accepted[0]), far }
}

test('a TCP connection is reset', async () => {
  const { near, far } = await pair()
  const errors: NodeJS.ErrnoException[] = []
  far.on('error', (error) => errors.push(error))
  resetSocket(near)
  await until('reset', () => errors.length > 0)
  expect(errors[0]?.code).toBe('ECONNRESET')
})

test('a TLS connection closes, and nothing is thrown', async () => {
  const { near, far } = await pair()
  far.on('error', () => {})
  const socket = new TLSSocket(near, { isServer: true })
  socket.on('error', () => {})
  resetSocket(socket)
  await until('closed', () => far.closed || far.readableEnded || far.destroyed)
  expect(socket.destroyed).toBe(true)
})

test('a socket that is not connected any more closes, and nothing is thrown', () => {
  const socket = new Socket()
  resetSocket(socket)
  resetSocket(socket)
  expect(socket.destroyed).toBe(true)
})
