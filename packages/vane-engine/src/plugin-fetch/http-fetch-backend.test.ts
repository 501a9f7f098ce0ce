import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { NetError, type HttpFetchLimits, type HttpFetchRequest } from 'vane-core'

import { createHttpFetchBackend, type ResolveHost } from './http-fetch-backend.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return (server.address() as AddressInfo).port
}

function backend(resolve?: ResolveHost) {
  const made = createHttpFetchBackend(resolve === undefined ? {} : { resolve })
  cleanups.push(() => made.close())
  return (
    request: Partial<HttpFetchRequest> & { url: string },
    limits: Partial<HttpFetchLimits> = {},
    signal = new AbortController().signal,
  ) =>
    made.fetch(
      { method: 'GET', headers: [], body: new Uint8Array(), ...request },
      { maxBodyBytes: 1024, followRedirects: 5, allowInsecure: false, ...limits },
      signal,
    )
}

const netError = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(NetError)
  return (error as NetError).value
}

test('sends method, fields and body, and answers status, fields and body', async () => {
  const port = await serve((request, response) => {
    request.on('data', (chunk: Buffer) => {
      response.writeHead(201, ['X-Method', request.method!, 'Set-Cookie', 'a', 'Set-Cookie', 'b'])
      response.end(`${String(request.headers['x-in'])} ${request.headers.host} ${chunk.toString()}`)
    })
  })
  const answer = await backend()({
    method: 'POST',
    url: `http://127.0.0.1:${port}/p?q`,
    headers: [
      ['x-in', '1'],
      ['host', 'another.test'],
      ['transfer-encoding', 'chunked'],
    ],
    body: Buffer.from('body'),
  })
  expect(answer.status).toBe(201)
  expect(answer.headers.filter(([name]) => name === 'set-cookie')).toEqual([
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
  ])
  expect(Buffer.from(answer.body).toString()).toBe(`1 127.0.0.1:${port} body`)
})

test('asks about the URL and the address of every hop', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/start') response.writeHead(302, { location: `http://second.test:${port}/end` }).end()
    else response.end('end')
  })
  const asked: string[] = []
  const fetch = backend(async () => ['127.0.0.1'])
  const limits = {
    checkUrl: (url: URL) => void asked.push(`url ${url.hostname}`),
    checkAddress: (url: URL, address: string) => void asked.push(`address ${url.hostname} ${address}`),
  }
  await fetch({ url: `http://first.test:${port}/start` }, limits)
  expect(asked).toEqual([
    'url first.test',
    'address first.test 127.0.0.1',
    'url second.test',
    'address second.test 127.0.0.1',
  ])
  expect(
    await netError(
      fetch(
        { url: `http://first.test:${port}/start` },
        { checkUrl: (url) => (url.hostname === 'second.test' ? 'no' : undefined) },
      ),
    ),
  ).toEqual({ tag: 'not-allowed', val: 'no' })
})

test('connects to the address that was checked, whatever the name resolves to next', async () => {
  const port = await serve((_request, response) => response.end('ok'))
  const answers = [['127.0.0.1'], ['203.0.113.1']]
  let lookups = 0
  const fetch = backend(async () => answers[lookups++]!)
  const allowLoopback = (_url: URL, address: string) => (address === '127.0.0.1' ? undefined : 'not that one')
  expect((await fetch({ url: `http://rebinding.test:${port}/` }, { checkAddress: allowLoopback })).status).toBe(200)
  // The kept connection to the first address is not given to a call that resolved to another.
  expect(await netError(fetch({ url: `http://rebinding.test:${port}/` }, { checkAddress: allowLoopback }))).toEqual({
    tag: 'not-allowed',
    val: 'not that one',
  })
})

test('credentials do not follow to another origin, and 303 becomes GET', async () => {
  const seen: string[] = []
  const port = await serve((request, response) => {
    seen.push(`${request.method} ${request.headers.authorization ?? '-'}`)
    if (request.url === '/a') response.writeHead(303, { location: `http://other.test:${port}/b` }).end()
    else response.end()
  })
  await backend(async () => ['127.0.0.1'])({
    method: 'POST',
    url: `http://one.test:${port}/a`,
    headers: [['authorization', 'secret']],
    body: Buffer.from('x'),
  })
  expect(seen).toEqual(['POST secret', 'GET -'])
})

test('redirects: none are followed at 0, and one too many is an error', async () => {
  const port = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end())
  const fetch = backend()
  expect((await fetch({ url: `http://127.0.0.1:${port}/` }, { followRedirects: 0 })).status).toBe(302)
  expect(await netError(fetch({ url: `http://127.0.0.1:${port}/` }, { followRedirects: 2 }))).toEqual({
    tag: 'internal',
    val: 'more than 2 redirects',
  })
})

test('bodies over the limit are refused, declared or not, either way', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/chunked') for (let i = 0; i < 4; i++) response.write('x'.repeat(1000))
    response.end(request.url === '/declared' ? 'x'.repeat(2000) : '')
  })
  const fetch = backend()
  const url = (path: string) => `http://127.0.0.1:${port}${path}`
  expect(await netError(fetch({ url: url('/declared') }))).toEqual({ tag: 'body-too-large' })
  expect(await netError(fetch({ url: url('/chunked') }))).toEqual({ tag: 'body-too-large' })
  expect(await netError(fetch({ method: 'POST', url: url('/'), body: new Uint8Array(2000) }))).toEqual({
    tag: 'body-too-large',
  })
})

test('failures are typed', async () => {
  const port = await serve(() => {})
  const closed = await serve(() => {})
  await cleanups.pop()!()
  const fetch = backend(async (host) => {
    throw Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' })
  })
  expect(await netError(fetch({ url: `http://127.0.0.1:${closed}/` }))).toEqual({ tag: 'connection-refused' })
  expect(await netError(fetch({ url: 'http://nowhere.test/' }))).toEqual({ tag: 'dns-failure', val: 'ENOTFOUND' })
  expect(await netError(fetch({ url: `http://127.0.0.1:${port}/` }, { timeoutMs: 50 }))).toEqual({ tag: 'timeout' })
  expect(await netError(fetch({ url: `https://127.0.0.1:${port}/` }, { timeoutMs: 50 }))).toMatchObject({
    tag: expect.stringMatching(/timeout|tls-error/),
  })
  expect(await netError(fetch({ url: `http://127.0.0.1:${port}/` }, {}, AbortSignal.abort()))).toMatchObject({
    tag: 'internal',
  })
})
