import { expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw, exchangeRaw } from '../support/raw-client.ts'
import { type Script, startScriptedUpstream } from '../support/scripted-upstream.ts'
import { statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { NotStrict, readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

const ask = (path: string, method = 'GET'): string =>
  `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

/** What the client gets is either no success at all, or visibly not all of one. */
function expectNoSuccess(text: string, wasReset: boolean): void {
  try {
    const answers = readStrictResponses(text, ['GET'])
    if (answers.length === 0 || wasReset) return
    expect(answers.map(statusOf)).toEqual([502])
  } catch (error) {
    // Not to be taken for complete: what strict readers say of a message that was cut.
    expect(error).toBeInstanceOf(NotStrict)
    expect((error as Error).message).toMatch(/^unfinished response/)
  }
}

const BROKEN: readonly (Script & { readonly what: string })[] = [
  { what: 'a length that is not reached', send: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello', by: 'end' },
  {
    what: 'a length that is not reached, reset',
    send: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello',
    by: 'reset',
  },
  { what: 'no byte of a length', send: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', by: 'end' },
  { what: 'no byte of a length, reset', send: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', by: 'reset' },
  { what: 'a body that a reset ends', send: 'HTTP/1.1 200 OK\r\n\r\nhello', by: 'reset' },
  { what: 'no chunk', send: CHUNKED, by: 'end' },
  { what: 'no last chunk', send: `${CHUNKED}5\r\nhello\r\n`, by: 'end' },
  { what: 'no last chunk, reset', send: `${CHUNKED}5\r\nhello\r\n`, by: 'reset' },
  { what: 'a chunk that is not reached', send: `${CHUNKED}a\r\nhello`, by: 'end' },
  { what: 'half of a chunk size', send: `${CHUNKED}5`, by: 'end' },
  { what: 'a last chunk without its end', send: `${CHUNKED}5\r\nhello\r\n0\r\n`, by: 'end' },
  { what: 'half of a trailer', send: `${CHUNKED}5\r\nhello\r\n0\r\nx: 1`, by: 'end' },
  ...[
    '+5\r\nhello',
    '-5\r\nhello',
    '0x5\r\nhello',
    ' 5\r\nhello',
    '5 \r\nhello',
    '5g\r\nhello',
    'g\r\nhello',
    '\r\nhello',
    'ffffffffffffffff\r\nhello',
    '10000000000000005\r\nhello',
    '20000000000000\r\nhello',
    '5\nhello',
    '5\rhello',
    '5\r\nhello!',
    '5\r\nhello\n',
    `5;${'x'.repeat(20_480)}\r\nhello`,
    '5;a\nb\r\nhello',
    '5;a\0b\r\nhello',
  ].flatMap((chunk) => [
    { what: `the chunk ${JSON.stringify(chunk.slice(0, 30))}`, send: `${CHUNKED}${chunk}\r\n0\r\n\r\n` },
    {
      what: `the second chunk ${JSON.stringify(chunk.slice(0, 30))}`,
      send: `${CHUNKED}2\r\nhi\r\n${chunk}\r\n0\r\n\r\n`,
    },
  ]),
  ...['x : 1', 'x', ': 1', ' x: 1', 'x: a\0b', 'x: 1\r\n 2', 'x: 1\ny: 2'].map((line) => ({
    what: `the trailer ${JSON.stringify(line)}`,
    send: `${CHUNKED}5\r\nhello\r\n0\r\n${line}\r\n\r\n`,
  })),
  {
    what: 'trailers of 200 KiB',
    send: `${CHUNKED}5\r\nhello\r\n0\r\n${`x: ${'y'.repeat(200)}\r\n`.repeat(1_000)}\r\n`,
  },
]

test.each(BROKEN)('$what: the client is not told that it was all', async ({ send, by }) => {
  await using upstream = await startScriptedUpstream({ send, ...(by === undefined ? {} : { by }) })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  {
    using client = await connectRaw(vane.port)
    client.send(ask('/first'))
    expectNoSuccess(await client.closed(), client.wasReset)
  }
  await until('upstream connection closed', () => upstream.isClosed(0))
  const [next] = readStrictResponses(await exchangeRaw(vane.port, ask('/second')), ['GET'])
  expect([statusOf(next!), next!.body]).toEqual([200, 'ok'])
  expect(upstream.heads).toHaveLength(2)
})

const PLAIN = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'
const EVIL = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'
const EXTRA: readonly (readonly [what: string, method: string, send: string, body: string])[] = [
  ['a second response', 'GET', PLAIN + EVIL, 'hello'],
  ['a byte too many', 'GET', `${PLAIN}!`, 'hello'],
  ['a line break too many', 'GET', `${PLAIN}\r\n`, 'hello'],
  ['a second response behind chunks', 'GET', `${CHUNKED}5\r\nhello\r\n0\r\n\r\n${EVIL}`, 'hello'],
  ['a second response behind trailers', 'GET', `${CHUNKED}5\r\nhello\r\n0\r\nx: 1\r\n\r\n${EVIL}`, 'hello'],
  ['an interim response behind the final one', 'GET', `${PLAIN}HTTP/1.1 100 Continue\r\n\r\n`, 'hello'],
  ['a second response behind an empty one', 'GET', `HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n${EVIL}`, ''],
  ['content of an answer to HEAD', 'HEAD', PLAIN, ''],
  ['chunks of an answer to HEAD', 'HEAD', `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, ''],
  ['a second response behind one to HEAD', 'HEAD', `HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n${EVIL}`, ''],
  ['content of a 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\nhello', ''],
  ['content of a 204 that declares it', 'GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello', ''],
  ['content of a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello', ''],
  [
    'chunks of a 304',
    'GET',
    'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    '',
  ],
  ['a second response behind a 304', 'GET', `HTTP/1.1 304 Not Modified\r\n\r\n${EVIL}`, ''],
]

test.each(EXTRA)('%s poisons the connection', async (_what, method, send, body) => {
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const [first, ...others] = readStrictResponses(await exchangeRaw(vane.port, ask('/first', method)), [method])
  // A 204 that declares content may pass for one, or for a breach.
  if (statusOf(first!) !== 502) expect(first!.body).toBe(body)
  else expect(send).toContain('204 No Content\r\ncontent-length')
  expect(others).toEqual([])
  const [next] = readStrictResponses(await exchangeRaw(vane.port, ask('/second')), ['GET'])
  expect([statusOf(next!), next!.body]).toEqual([200, 'ok'])
  expect(upstream.heads.map((heads) => heads.length)).toEqual([1, 1])
  await until('upstream connection closed', () => upstream.isClosed(0))
})

test('bytes that come while a connection is kept poison it', async () => {
  await using upstream = await startScriptedUpstream({ send: PLAIN })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  await exchangeRaw(vane.port, ask('/first'))
  await until('connection kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  upstream.sockets[0]!.write(EVIL)
  await until('connection closed', () => upstream.isClosed(0))
  const [next] = readStrictResponses(await exchangeRaw(vane.port, ask('/second')), ['GET'])
  expect([statusOf(next!), next!.body]).toEqual([200, 'ok'])
})

test.each([
  ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello'],
  ['HTTP/1.1 200 OK\r\nconnection: x, CLOSE\r\ncontent-length: 5\r\n\r\nhello'],
  ['HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello'],
])('%j is not followed by another request', async (send) => {
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const [first] = readStrictResponses(await exchangeRaw(vane.port, ask('/first')), ['GET'])
  expect(first!.body).toBe('hello')
  await exchangeRaw(vane.port, ask('/second'))
  expect(upstream.heads.map((heads) => heads.length)).toEqual([1, 1])
})

test.each([
  'HTTP/1.1 200 OK\r\n\r\nhello',
  'HTTP/1.0 200 OK\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello',
])('%j is complete where the connection ends', async (send) => {
  await using upstream = await startScriptedUpstream({ send, by: 'end' })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const [first] = readStrictResponses(await exchangeRaw(vane.port, ask('/first')), ['GET'])
  expect([statusOf(first!), first!.body, first!.framing]).toEqual([200, 'hello', 'chunked'])
})

test('16 interim responses are few enough', async () => {
  await using upstream = await startScriptedUpstream({ send: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(16) + PLAIN })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const answers = readStrictResponses(await exchangeRaw(vane.port, ask('/first')), ['GET'])
  expect(statusOf(answers.at(-1)!)).toBe(200)
})
