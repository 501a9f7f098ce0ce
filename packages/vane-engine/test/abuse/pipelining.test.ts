import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { expectServed, openStand, SMUGGLED, type Stand, statusOf } from '../support/stand.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand({
    answer: ({ startLine }) => {
      const body = startLine.split(' ')[1]!
      const content = startLine.startsWith('HEAD ') ? '' : body
      return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${content}`
    },
  })
})
afterAll(() => stand[Symbol.asyncDispose]())

const get = (path: string, lines = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${lines}\r\n`

const TEN = Array.from({ length: 10 }, (_, index) => `/${index}`)

const SERVED: readonly (readonly [what: string, send: string, methods: string[], paths: string[]])[] = [
  ['two requests', get('/1') + get('/2'), ['GET', 'GET'], ['/1', '/2']],
  ['ten requests', TEN.map((path) => get(path)).join(''), Array.from({ length: 10 }, () => 'GET'), TEN],
  [
    'a HEAD between',
    `${get('/1')}HEAD /22 HTTP/1.1\r\nhost: a\r\n\r\n${get('/3')}`,
    ['GET', 'HEAD', 'GET'],
    ['/1', '/22', '/3'],
  ],
  [
    'a body with a length between',
    `POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nGET${get('/2')}`,
    ['POST', 'GET'],
    ['/1', '/2'],
  ],
  [
    'a chunked body between',
    `POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n${get('/2')}`,
    ['POST', 'GET'],
    ['/1', '/2'],
  ],
  [
    'chunks with trailers between',
    `POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: 1\r\n\r\n${get('/2')}`,
    ['POST', 'GET'],
    ['/1', '/2'],
  ],
  [
    'a GET with a body between',
    `GET /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello${get('/2')}`,
    ['GET', 'GET'],
    ['/1', '/2'],
  ],
  ['nothing behind one that asks to close', get('/1', 'connection: close\r\n') + SMUGGLED, ['GET'], ['/1']],
  ['nothing behind HTTP/1.0', 'GET /1 HTTP/1.0\r\n\r\n' + SMUGGLED, ['GET'], ['/1']],
  [
    'HTTP/1.0 that is to go on',
    'GET /1 HTTP/1.0\r\nconnection: keep-alive\r\n\r\n' + get('/2'),
    ['GET', 'GET'],
    ['/1', '/2'],
  ],
]
test.each(SERVED)('%s', async (_what, send, methods, paths) => {
  const { requests, responses } = await expectServed(stand, send, methods)
  expect(requests.map(({ startLine }) => startLine.split(' ')[1])).toEqual(paths)
  expect(responses.map(({ body }, index) => (methods[index] === 'HEAD' ? paths[index] : body))).toEqual(paths)
})

test.each(SERVED)('%s, byte by byte', async (_what, send, methods, paths) => {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  for (const byte of send) {
    client.send(byte)
    // Each in a packet of its own, as far as that can be had.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('all answers', () => stand.upstream.requests.length >= paths.length)
  expect(stand.upstream.requests.map(({ startLine }) => startLine.split(' ')[1])).toEqual(paths)
  expect(stand.upstream.faults).toEqual([])
  await until('responses at the client', () => client.text.split('HTTP/1.1 200').length > methods.length)
})

const BROKEN: readonly (readonly [what: string, second: string, status: number])[] = [
  ['two hosts', 'GET /2 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 400],
  ['no host', 'GET /2 HTTP/1.1\r\n\r\n', 400],
  ['a space before a colon', 'GET /2 HTTP/1.1\r\nhost: a\r\nx : 1\r\n\r\n', 400],
  ['both framings', 'POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ['an unknown version', 'GET /2 HTTP/1.9\r\nhost: a\r\n\r\n', 505],
  ['TRACE', 'TRACE /2 HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['garbage', '\0\0\0\0\r\n\r\n', 400],
  ['the rest of a body that was longer than declared', 'hello\r\n\r\n', 400],
  ['too large a head', `GET /2 HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 431],
]
test.each(BROKEN)(
  'the first is answered, the second refused for %s, the third never seen',
  async (_what, second, status) => {
    stand.upstream.forget()
    using client = await connectRaw(stand.vane.port)
    client.send(get('/1') + second + SMUGGLED)
    const [first, refusal, ...others] = readStrictResponses(await client.closed(), ['GET', 'GET'])
    expect([statusOf(first!), first!.body]).toEqual([200, '/1'])
    expect(statusOf(refusal!)).toBe(status)
    expect(others).toEqual([])
    expect(stand.upstream.requests.map(({ startLine }) => startLine)).toEqual(['GET /1 HTTP/1.1'])
    expect(stand.upstream.received.join('')).not.toMatch(/smuggled|\/2/)
  },
)

test('a client that pipelines without end is held back or cut, and what is served is served in order', async () => {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  const count = 5_000
  for (let index = 0; index < count; index++) client.send(get(`/${index}`))
  await until(
    'all answered, or cut',
    () => client.closedBy !== undefined || client.text.split('HTTP/1.1 200').length > count,
    15_000,
  )
  const paths = stand.upstream.requests.map(({ startLine }) => startLine.split(' ')[1])
  expect(paths).toEqual(paths.map((_path, index) => `/${index}`))
  expect(stand.upstream.faults).toEqual([])
  await until('nothing under way', () => stand.vane.engine.stats().requests.active === 0)
})
