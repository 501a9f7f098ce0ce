import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { expect, test } from 'vitest'
import { issueCertificate } from 'vane-testkit'
import type { RequestShape } from '../workload/request-shape.ts'
import { runHandshakeLoad } from './handshake-load.ts'

const GET: RequestShape = { method: 'GET', targets: [{ path: '/' }], headers: [], bodyBytes: 0 }

interface Server {
  readonly url: string
  readonly seen: { resumed: boolean; cipher: string }[]
  [Symbol.dispose](): void
}

async function serve(options: TlsOptions = {}, status = 200): Promise<Server> {
  const seen: { resumed: boolean; cipher: string }[] = []
  const { cert, key } = issueCertificate({ ipAddresses: ['127.0.0.1'] })
  const server = createServer({ cert, key, ...options }, (socket) => {
    seen.push({ resumed: socket.isSessionReused(), cipher: socket.getCipher().name })
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(`HTTP/1.1 ${status} OK\r\nContent-Length: 0\r\n\r\n`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}`, seen, [Symbol.dispose]: () => void server.close() }
}

const plan = { request: GET, connections: 2, seconds: 1 }

test('every handshake is whole, on the same terms', async () => {
  using server = await serve()
  const result = await runHandshakeLoad({ ...plan, url: server.url, resumed: false })
  expect(result.errors).toBe(0)
  expect(result.requests).toBeGreaterThan(10)
  expect(server.seen).toHaveLength(result.requests)
  expect(server.seen).toEqual(server.seen.map(() => ({ resumed: false, cipher: 'TLS_AES_128_GCM_SHA256' })))
})

test('every handshake but the first of each client resumes', async () => {
  using server = await serve()
  const result = await runHandshakeLoad({ ...plan, url: server.url, resumed: true })
  expect(result.errors).toBe(0)
  expect(server.seen.filter(({ resumed }) => !resumed)).toHaveLength(plan.connections)
  expect(server.seen.filter(({ resumed }) => resumed)).toHaveLength(result.requests)
})

test('a server that resumes nothing, and one that answers with an error, are found out', async () => {
  using forgetful = await serve({ secureOptions: constants.SSL_OP_NO_TICKET })
  using failing = await serve({}, 502)
  const [unresumed, failed] = await Promise.all([
    runHandshakeLoad({ ...plan, url: forgetful.url, resumed: true }),
    runHandshakeLoad({ ...plan, url: failing.url, resumed: false }),
  ])
  expect(unresumed.requests).toBe(0)
  expect(unresumed.errors).toBeGreaterThan(0)
  expect(failed.requests).toBe(0)
  expect(failed.errors).toBeGreaterThan(0)
})
