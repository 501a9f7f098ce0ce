import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

test('forwarding', async () => {
  // Speaks first, and then repeats what it hears.
  const upstream = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.write('welcome ')
    socket.pipe(socket)
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const example = await startExample('forwarding', {
    ports: [8080, 8081],
    upstream: (upstream.address() as AddressInfo).port,
  })
  const say = async (port: number, bytes: string): Promise<string> => {
    const socket = connect({ port: example.port(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.end(bytes)
    return await text(socket)
  }
  expect(await say(8080, 'anything')).toBe('welcome anything')
  expect(await say(8081, 'SSH-2.0-x\r\n')).toBe('welcome SSH-2.0-x\r\n')
  expect((await ask(example.base(8081))).body).toBe('this is HTTP\n')
})
