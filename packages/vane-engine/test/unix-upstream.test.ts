import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { exchangeRaw } from './support/raw-client.ts'
import { startRules } from './support/start-rules.ts'

let path: string
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), 'vane-unix-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  path = join(dir, 'app.sock')
})

/** Answers with the version it was asked in, the path, the host and the length of the body. */
async function mirror(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  let length = 0
  for await (const chunk of request) length += (chunk as Buffer).length
  const host = request.headers.host ?? request.headers[':authority']
  response.end(`${request.httpVersion} ${request.url} ${String(host)} ${length}`)
}

async function listen(server: Server): Promise<void> {
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
}

async function postHttp2(port: number, body: string): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/x?y', ':authority': 'a.test' })
  stream.end(body)
  let text = ''
  for await (const chunk of stream.setEncoding('latin1')) text += String(chunk)
  session.destroy()
  return text
}

describe.each([
  ['HTTP/1.1', '1.1', 'h1', () => createHttp1((request, response) => void mirror(request, response))],
  ['HTTP/2', '2.0', 'h2', () => createHttp2((request, response) => void mirror(request, response))],
] as const)('an upstream on a Unix socket that speaks %s', (_name, spoken, version, create) => {
  test.each(['http_proxy', 'unix_proxy'])('by %s, for clients of both versions', async (type) => {
    await listen(create() as Server)
    const where = type === 'unix_proxy' ? { path } : { upstream: `unix:${path}` }
    await using vane = await startRules([{ terminate: { type, version, ...where } }], {})
    const body = 'x'.repeat(200_000)
    expect(await postHttp2(vane.port, body)).toBe(`${spoken} /x?y a.test 200000`)
    const head = `POST /x?y HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
    expect(await exchangeRaw(vane.port, head + body)).toMatch(
      new RegExp(`^HTTP/1.1 200 [^]*${spoken} /x\\?y a\\.test 200000`),
    )
    expect(vane.engine.stats().upstreams).toMatchObject([{ upstream: `unix:${path}`, requests: 2 }])
  })

  test('that is not there is a 502, and used once it is', async () => {
    await using vane = await startRules([{ terminate: { type: 'unix_proxy', version, path } }], {})
    const get = 'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n'
    expect(await exchangeRaw(vane.port, get)).toMatch(/^HTTP\/1\.1 502 /)
    await listen(create() as Server)
    expect(await exchangeRaw(vane.port, get)).toMatch(/^HTTP\/1\.1 200 /)
  })
})
