import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.ts'
import { startEngine } from '../support/start-engine.ts'
import { endToEnd, expectServed, openStand, type Stand } from '../support/stand.ts'

let answer = ''
let stand: Stand
let forwarding: Stand
beforeAll(async () => {
  stand = await openStand({ answer: () => answer })
  const upstream: RecordingUpstream = await startRecordingUpstream()
  const vane = await startEngine(
    graphOf(proxyTo(upstream.port), [
      {
        name: 'forward_client_ip',
        args: {
          headers: ['x-forwarded-for', 'x-real-ip', 'forwarded'],
          trusted_proxies: [],
          strip_inbound_forwarded: true,
        },
      },
    ]),
  )
  forwarding = {
    vane,
    upstream,
    async [Symbol.asyncDispose]() {
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
})
afterAll(async () => {
  await stand[Symbol.asyncDispose]()
  await forwarding[Symbol.asyncDispose]()
})

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n'
const get = (lines: string): string => `GET / HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n`

async function fieldsSent(lines: string, to = stand): Promise<string[]> {
  answer = `${OK}\r\nok`
  const { requests } = await expectServed(to, get(lines))
  expect(requests).toHaveLength(1)
  // What the proxy says of its own connection is its own.
  for (const [name, value] of requests[0]!.fields)
    if (name === 'connection') expect(value).toMatch(/^(?:close|keep-alive)$/i)
  return endToEnd(requests[0]!)
}

const HOP_BY_HOP = [
  'keep-alive: timeout=5',
  'proxy-connection: keep-alive',
  'proxy-authorization: Basic eDp5',
  'proxy-authenticate: Basic',
  'te: trailers',
  'te: gzip;q=0.5',
  'upgrade: websocket',
  'upgrade: h2c',
  'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk',
  'connection: te\r\nte: trailers',
  'connection: keep-alive, upgrade\r\nupgrade: websocket',
  'Keep-Alive: 1\r\nKEEP-ALIVE: 2',
]

describe('requests', () => {
  test.each(HOP_BY_HOP)('%j does not cross', async (lines) => {
    expect(await fieldsSent(`x-before: 1\r\n${lines}\r\nx-behind: 2`)).toEqual([
      'host: a',
      'x-before: 1',
      'x-behind: 2',
    ])
  })

  test.each([
    ['x-named', 'x-named: 1'],
    ['X-Named', 'x-named: 1\r\nX-NAMED: 2'],
    ['a, x-named ,b', 'x-named: 1'],
    ['close, x-named', 'x-named: 1'],
    ['x-named\r\nconnection: other', 'x-named: 1\r\nother: 2'],
    ['cookie', 'cookie: a=b'],
    ['authorization', 'authorization: x'],
  ])('what connection: %s names does not cross', async (names, lines) => {
    expect(await fieldsSent(`connection: ${names}\r\n${lines}\r\nx-kept: 1`)).toEqual(['host: a', 'x-kept: 1'])
  })

  test.each(['host', 'Host', 'content-length', 'transfer-encoding'])(
    'connection: %s takes nothing away that says which request it is',
    async (name) => {
      answer = `${OK}\r\nok`
      const send = `POST / HTTP/1.1\r\nconnection: ${name}\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc`
      const { requests } = await expectServed(stand, send, ['POST'])
      expect(requests.map(({ body, fields }) => [body, fields.find(([each]) => each === 'host')?.[1]])).toEqual([
        ['abc', 'a'],
      ])
    },
  )

  test('the rest crosses', async () => {
    const lines = [
      'accept: */*',
      'authorization: Bearer x',
      'cookie: a=b',
      'range: bytes=0-1',
      'via: 1.1 x',
      'date: x',
      'max-forwards: 3',
      'trailing: x',
    ]
    expect(await fieldsSent(lines.join('\r\n'))).toEqual(['host: a', ...lines])
  })
})

const FORGED = [
  'x-forwarded-for: 6.6.6.6',
  'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7',
  'x_forwarded_for: 6.6.6.6',
  'x-forwarded_for: 6.6.6.6',
  'x-real-ip: 6.6.6.6',
  'X_Real_IP: 6.6.6.6',
  'forwarded: for=6.6.6.6',
  'x-forwarded-host: 6.6.6.6',
  'x-forwarded-proto: 6.6.6.6',
  'x-forwarded-anything: 6.6.6.6',
  'true-client-ip: 6.6.6.6',
  'cf-connecting-ip: 6.6.6.6',
  'x-client-ip: 6.6.6.6',
]

describe('forwarding', () => {
  test.each(FORGED)('%j is not believed', async (lines) => {
    const sent = await fieldsSent(lines, forwarding)
    expect(sent.join('\n')).not.toMatch(/6\.6\.6\.6|7\.7\.7\.7/)
    expect(sent.filter((line) => /^(?:x-forwarded-for|x-real-ip|forwarded):/.test(line))).toHaveLength(3)
  })

  test.each(['x-forwarded-for', 'X-Real-IP', 'forwarded, x-real-ip, x-forwarded-for'])(
    'connection: %s does not take away what the proxy adds',
    async (names) => {
      const sent = await fieldsSent(`connection: ${names}`, forwarding)
      expect(sent.filter((line) => /^(?:x-forwarded-for|x-real-ip): 127\.0\.0\.1$/.test(line))).toHaveLength(2)
    },
  )
})

describe('responses', () => {
  test.each([
    'keep-alive: timeout=5',
    'proxy-authenticate: Basic',
    'proxy-connection: keep-alive',
    'te: trailers',
    'upgrade: h2c',
    'connection: x-secret\r\nx-secret: 1',
    'connection: X-Secret, keep-alive\r\nx-secret: 1',
    'connection: upgrade\r\nupgrade: websocket',
  ])('%j does not cross', async (lines) => {
    answer = `${OK}x-before: 1\r\n${lines}\r\nx-behind: 2\r\n\r\nok`
    const { responses } = await expectServed(stand, get('x: 1'))
    const fields = responses.flatMap(endToEnd).filter((line) => !line.startsWith('date:'))
    expect(fields.toSorted()).toEqual(['content-length: 2', 'x-before: 1', 'x-behind: 2'])
  })

  test('date is kept', async () => {
    answer = `${OK}date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nok`
    const { responses } = await expectServed(stand, get('x: 1'))
    expect(responses.flatMap(endToEnd).filter((line) => line.startsWith('date'))).toEqual([
      'date: Thu, 01 Jan 1970 00:00:00 GMT',
    ])
  })

  test('set-cookie stays in as many fields as it came', async () => {
    answer = `${OK}set-cookie: a\r\nSet-Cookie: b\r\nset-cookie: a\r\n\r\nok`
    const { responses } = await expectServed(stand, get('x: 1'))
    expect(responses.flatMap(endToEnd).filter((line) => line.startsWith('set-cookie'))).toEqual([
      'set-cookie: a',
      'set-cookie: b',
      'set-cookie: a',
    ])
  })
})
