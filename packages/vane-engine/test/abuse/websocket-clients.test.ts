import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { PLAIN_ANSWER, type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { endToEnd, statusOf } from '../support/stand.ts'
import { type StartedRules, startRules } from '../support/start-rules.ts'
import { readStrictResponses, type StrictMessage } from '../support/strict-message.ts'
import { askForWebsocket, GRANT, startTunnelUpstream, websocketTo } from '../support/tunnel-upstream.ts'
import { until } from '../support/until.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { startWebsocketUpstream } from '../support/websocket-server.ts'

/** A masked text frame: `hello`. */
const FRAME = '\x81\x85\0\0\0\0hello'
const KEYS = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const WISH = `connection: upgrade\r\nupgrade: websocket\r\n${KEYS}`
/** What `websocket` rules leave to others, whoever comes by which bytes. */
const FORBIDDEN = {
  name: 'forbidden',
  match: { 'http.uri.path': { path_prefix: '/admin' } },
  terminate: { type: 'static', status: 403, body: 'no' },
}

let answer: (request: StrictMessage) => string
let upstream: RecordingUpstream
let vane: StartedRules
beforeAll(async () => {
  upstream = await startRecordingUpstream((request) => answer(request))
  vane = await startRules([websocketTo(upstream.port), FORBIDDEN], {})
})
afterAll(async () => {
  await vane[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const get = (lines: string, version = '1.1'): string => `GET /chat HTTP/${version}\r\nhost: a\r\n${lines}\r\n`

describe.each([
  ['Upgrade that Connection does not name', get(`upgrade: websocket\r\n${KEYS}`)],
  ['Upgrade that Connection does not name, beside another option', get(`connection: close\r\nupgrade: websocket\r\n`)],
  ['Connection that names no Upgrade', get(`connection: upgrade\r\n${KEYS}`)],
  ['h2c', get('connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n')],
  ['a protocol whose name ends so', get(WISH.replace('websocket', 'x-websocket'))],
  ['a version of the protocol', get(WISH.replace('websocket', 'websocket/13'))],
  ['a quoted name', get(WISH.replace('websocket', '"websocket"'))],
  ['an empty list', get(WISH.replace('websocket', ','))],
  ['HTTP/1.0', get(`connection: upgrade, keep-alive\r\nupgrade: websocket\r\n${KEYS}`, '1.0')],
  ['POST', get(WISH).replace('GET', 'POST')],
  ['PUT with a body', get(`${WISH}content-length: 2\r\n`).replace('GET', 'PUT') + 'hi'],
  ['GET with a body', `${get(`${WISH}content-length: 2\r\n`)}hi`],
  ['GET with a body in chunks', `${get(`${WISH}transfer-encoding: chunked\r\n`)}2\r\nhi\r\n0\r\n\r\n`],
  ['GET with chunks that are none', `${get(`${WISH}transfer-encoding: chunked\r\n`)}0\r\n\r\n`],
])('%s', (_what, send) => {
  test('is no wish: it is passed on as a plain request, and what follows it is no tunnel', async () => {
    // Even an upstream that grants it is cut off.
    for (const text of [PLAIN_ANSWER, `${GRANT}evil`]) {
      answer = () => text
      upstream.forget()
      using client = await connectRaw(vane.port)
      client.send(send + FRAME)
      const [first, ...others] = readStrictResponses(await client.closed(), ['GET', 'GET'])
      expect(statusOf(first!)).toBe(text === PLAIN_ANSWER ? 200 : 502)
      expect(others.map(statusOf)).toSatisfy((rest: number[]) => rest.every((status) => status === 400))
      expect(client.text).not.toMatch(/ 101 |evil/)
      expect(upstream.requests).toHaveLength(1)
      expect(upstream.requests.flatMap(endToEnd).filter((line) => /^(?:upgrade|http2-settings):/.test(line))).toEqual(
        [],
      )
      expect(upstream.received.join('')).not.toMatch(/hello/)
    }
  })
})

test.each([
  ['in other letters', 'connection: UPGRADE\r\nupgrade: WebSocket\r\n'],
  ['among other options', 'connection: keep-alive, x-secret ,upgrade\r\nx-secret: 1\r\nupgrade: websocket\r\n'],
  ['on two lines of Connection', 'connection: keep-alive\r\nconnection: upgrade\r\nupgrade: websocket\r\n'],
  ['among other protocols', 'connection: upgrade\r\nupgrade: h2c, websocket\r\n'],
  ['on the second line of Upgrade', 'connection: upgrade\r\nupgrade: h2c\r\nupgrade: websocket\r\n'],
  ['with a length of nothing', 'connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n'],
  ['with an expectation', 'connection: upgrade\r\nupgrade: websocket\r\nexpect: 100-continue\r\n'],
])('a wish %s asks the upstream for exactly that, and so says the answer', async (_what, lines) => {
  await using tunnel = await startTunnelUpstream()
  await using proxy = await startRules([websocketTo(tunnel.port)], {})
  using client = await connectRaw(proxy.port)
  client.send(get(lines + KEYS) + FRAME)
  await until('the frame', () => tunnel.received[0]?.endsWith(FRAME))
  const [head] = tunnel.received[0]!.toLowerCase().split('\r\n\r\n')
  const fields = head!.split('\r\n').slice(1)
  expect(fields.filter((line) => /^(?:connection|upgrade|x-secret|expect|content-length):/.test(line))).toEqual([
    'connection: upgrade',
    'upgrade: websocket',
  ])
  const text = (await client.received('upgrade: websocket')).toLowerCase()
  expect(text.match(/^(?:connection|upgrade):.*$/gm)).toEqual(['connection: upgrade', 'upgrade: websocket'])
})

test.each([
  ['no key', get(`connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n`), 400],
  ['a key that is none', get(WISH.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short')), 400],
  ['no version', get(WISH.replace(/sec-websocket-version: 13\r\n/, '')), 400],
  ['another version', get(WISH.replace('version: 13', 'version: 777')), 400],
])('%s is between client and upstream, whose refusal is passed on', async (_what, send, status) => {
  await using server = await startWebsocketUpstream()
  await using proxy = await startRules([websocketTo(server.port), FORBIDDEN], {})
  using client = await connectRaw(proxy.port)
  // The classic: a proxy that takes the wish for the grant would pass the second request on unseen.
  client.send(`${send}GET /admin HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
  const responses = readStrictResponses(await client.closed(), ['GET', 'GET'])
  expect(responses.map(statusOf)).toEqual([status, 403])
  expect(proxy.engine.stats().requests.tunnels).toBe(0)
  expect(server.server.clients.size).toBe(0)
})

test.each([200, 204, 304, 400, 403, 426, 500, 503])(
  'a refusal with %d leaves a connection of HTTP: what follows is a request, by the rules',
  async (status) => {
    const content = status === 204 || status === 304 ? '' : 'content-length: 2\r\n\r\nno'
    answer = ({ startLine }) =>
      startLine.startsWith('GET /chat ')
        ? `HTTP/1.1 ${status} X\r\nupgrade: websocket\r\nconnection: upgrade\r\n${content || '\r\n'}`
        : PLAIN_ANSWER
    upstream.forget()
    using client = await connectRaw(vane.port)
    client.send(
      `${get(WISH)}GET /admin HTTP/1.1\r\nhost: a\r\n\r\nGET /next HTTP/1.1\r\nhost: a\r\n\r\n${FRAME}\r\n\r\n`,
    )
    const responses = readStrictResponses(await client.closed(), ['GET', 'GET', 'GET', 'GET'])
    expect(responses.map(statusOf)).toEqual([status, 403, 200, 400])
    expect(upstream.requests.map(({ startLine }) => startLine)).toEqual(['GET /chat HTTP/1.1', 'GET /next HTTP/1.1'])
    expect(upstream.faults).toEqual([])
  },
)

test('a client that sends without end before it is answered is not read without end, and nothing is lost', async () => {
  let grant = (): void => {}
  let received = 0
  let isGranted = false
  await using slow = await startRawUpstream((socket) => {
    socket.on('data', (chunk) => {
      if (isGranted) received += chunk.length
      else {
        grant = () => {
          isGranted = true
          socket.write(GRANT)
        }
      }
    })
  })
  await using proxy = await startRules([websocketTo(slow.port)], {})
  using client = await connectRaw(proxy.port)
  const early = Buffer.alloc(16 << 20, FRAME, 'latin1')
  client.socket.write(askForWebsocket())
  client.socket.write(early)
  await until('the request', () => slow.sockets[0] !== undefined && slow.sockets[0].bytesRead > 0)
  let [last, sinceMs] = [-1, 0]
  await until('a standstill', () => {
    const { received: bytes } = proxy.engine.stats().bytes
    if (bytes !== last) [last, sinceMs] = [bytes, performance.now()]
    return performance.now() - sinceMs > 300
  })
  expect(last).toBeLessThan(1 << 20)
  grant()
  await until('all of it', () => received === early.length)
})

test('a client that goes away before the answer leaves no tunnel', async () => {
  const sockets: { answer(): void }[] = []
  await using slow = await startRawUpstream((socket) => {
    socket.once('data', () => void sockets.push({ answer: () => void socket.write(GRANT) }))
  })
  await using proxy = await startRules([websocketTo(slow.port)], {})
  using client = await connectRaw(proxy.port)
  client.send(askForWebsocket() + FRAME)
  await until('the request', () => sockets.length === 1)
  client.socket.resetAndDestroy()
  await until('the trajectory', () => proxy.trajectories.length === 1)
  expect(proxy.trajectories[0]!.outcome).toBe('canceled')
  sockets[0]!.answer()
  await until('the upstream to be let go', () => slow.sockets[0]!.destroyed || slow.sockets[0]!.readableEnded)
  expect(proxy.engine.stats().upstreams[0]).toMatchObject({ active: 0, tunnels: 0 })
})
