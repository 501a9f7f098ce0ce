import { once } from 'node:events'
import { createServer as createHttp1, type IncomingMessage, request } from 'node:http'
import { connect, createServer as createHttp2 } from 'node:http2'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

test('unix-sockets', async () => {
  const example = await startExample('unix-sockets', { ports: [8080] })
  const listen = async (server: Server, name: string): Promise<void> => {
    server.listen(join(example.dir, name))
    await once(server, 'listening')
    onTestFinished(() => void server.close())
  }
  await listen(
    createHttp1((_request, response) => response.end('app')),
    'app.sock',
  )
  await listen(
    createHttp2((asked, response) => response.end(`grpc ${asked.httpVersion}`)),
    'grpc.sock',
  )
  expect((await ask(example.base(8080))).body).toBe('app')

  const local = request({ socketPath: join(example.dir, 'in.sock'), headers: { host: 'a.test' }, agent: false })
  local.end()
  const [response] = (await once(local, 'response')) as [IncomingMessage]
  expect(await text(response)).toBe('app')

  const session = connect(example.base(8080))
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc' })
  stream.end()
  expect(await text(stream)).toBe('grpc 2.0')
})
