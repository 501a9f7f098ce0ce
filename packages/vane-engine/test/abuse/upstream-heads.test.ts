import { expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { type Script, startScriptedUpstream } from '../support/scripted-upstream.ts'
import { statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`

/** The client gets 502 and nothing of the answer; the connection to the upstream ends, and the next request has another. */
async function expectBadGateway(script: Script): Promise<void> {
  await using upstream = await startScriptedUpstream(script)
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const answers = readStrictResponses(await exchangeRaw(vane.port, get('/first')), ['GET'])
  expect(answers.map(statusOf)).toEqual([502])
  expect(JSON.stringify(answers)).not.toMatch(/evil/)
  await until('upstream connection closed', () => upstream.isClosed(0))
  const [next] = readStrictResponses(await exchangeRaw(vane.port, get('/second')), ['GET'])
  expect([statusOf(next!), next!.body]).toEqual([200, 'ok'])
  expect(upstream.heads.map((heads) => heads.map((head) => head.split(' ')[1]))).toEqual([['/first'], ['/second']])
}

const REST = 'content-length: 4\r\n\r\nevil'

test.each([
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 2x0 OK',
  'HTTP/1.1 -200 OK',
  'HTTP/1.1 +200 OK',
  'HTTP/1.1 0x0 OK',
  'HTTP/1.1 000 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.1 600 OK',
  'HTTP/1.1 999 OK',
  'HTTP/1.1 2 00 OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.1\t200 OK',
  'HTTP/1.1200 OK',
  'HTTP/1.1 OK',
  'HTTP/1.1 ',
  'HTTP/1.1',
  ' HTTP/1.1 200 OK',
  'http/1.1 200 OK',
  'HTP/1.1 200 OK',
  'HTTPS/1.1 200 OK',
  'ICY 200 OK',
  'HTTP/1 200 OK',
  'HTTP/11 200 OK',
  'HTTP/1.10 200 OK',
  'HTTP/0.9 200 OK',
  'HTTP/1.2 200 OK',
  'HTTP/2.0 200 OK',
  'HTTP/1.1 200 O\0K',
  'HTTP/1.1 200 O\x7fK',
  'HTTP/1.1 200 O\rK',
  'HTTP/1.1 200 O\nK',
  'HTTP/1.1 200 OK\r',
  '<html>evil</html>',
  'GET / HTTP/1.1',
  'SSH-2.0-OpenSSH_9.9',
  '\x16\x03\x01\x02\x00',
  '\r\n\r\n\r\nHTTP/1.1 200 OK',
])('status line %j', (line) => expectBadGateway({ send: `${line}\r\n${REST}` }))

test('a status line that ends in a bare LF', () => expectBadGateway({ send: `HTTP/1.1 200 OK\n${REST}` }))

const ok = (lines: string, body = 'evil'): string => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`

test.each([
  'content-length: 4\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 4',
  'content-length: 4\r\ncontent-length: 4',
  'content-length: 4\r\ncontent-length: 5',
  'content-length: 4, 4',
  'content-length: 4,5',
  'content-length: +4',
  'content-length: -4',
  'content-length: 0x4',
  'content-length: 4 4',
  'content-length: four',
  'content-length: 4;',
  'content-length:',
  `content-length: ${'9'.repeat(30)}`,
  'transfer-encoding: gzip',
  'transfer-encoding: identity',
  'transfer-encoding:',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding: chunked, gzip',
  'transfer-encoding: chunked, chunked',
  'transfer-encoding: chunked;x',
  'transfer-encoding: xchunked',
  'transfer-encoding: \x0bchunked',
  'transfer-encoding: gzip\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ntransfer-encoding: identity',
])('framing by %.60j', (lines) => expectBadGateway({ send: ok(lines) }))

test('chunked in HTTP/1.0', () =>
  expectBadGateway({ send: ok('transfer-encoding: chunked', '4\r\nevil\r\n0\r\n\r\n').replace('1.1', '1.0') }))

test.each([
  'x : 1',
  'x\t: 1',
  ' x: 1',
  'x y: 1',
  'x',
  ': 1',
  'x(y): 1',
  'x\0: 1',
  'x\xe9: 1',
  'x: 1\r\n 2',
  'x: 1\r\n\t2',
  'x:\r\n 2',
  'x: a\0b',
  'x: a\x01b',
  'x: a\x0bb',
  'x: a\x7fb',
  'x: a\rb',
  'x: a\nset-cookie: evil',
  'x: 1\ny: 2',
  'x: 1\r\r\ny: 2',
  'content-length : 4',
  'HTTP/1.1 200 OK',
])('field %j', (line) => expectBadGateway({ send: ok(`${line}\r\ncontent-length: 4`) }))

test.each([
  ['one field of 100 KiB', `x: ${'y'.repeat(100_000)}`],
  ['one name of 100 KiB', `${'x'.repeat(100_000)}: y`],
  ['100 KiB of fields', `x: ${'y'.repeat(100)}\r\n`.repeat(1_000).trimEnd()],
  ['20,000 fields', 'x:\r\n'.repeat(20_000).trimEnd()],
])('%s', (_what, lines) => expectBadGateway({ send: ok(`${lines}\r\ncontent-length: 4`) }))

test.each([
  ['a head that does not end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(50_000)}`],
  ['a status line that does not end', `HTTP/1.1 200 ${'O'.repeat(200_000)}`],
  ['a field that does not end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}`],
  [
    'a switch of protocols that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: evil\r\n\r\nevil',
  ],
  ['a switch without saying to what', 'HTTP/1.1 101 Switching Protocols\r\n\r\nevil'],
  ['17 interim responses', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)}HTTP/1.1 200 OK\r\n${REST}`],
  ['17 times 100', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)}HTTP/1.1 200 OK\r\n${REST}`],
  ['interim responses without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10_000)],
])('%s', async (_what, send) => {
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const answers = readStrictResponses(await exchangeRaw(vane.port, get('/first')), ['GET'])
  expect(answers.filter((answer) => statusOf(answer) !== 102).map(statusOf)).toEqual([502])
  expect(answers.length).toBeLessThanOrEqual(17)
  expect(JSON.stringify(answers)).not.toMatch(/evil/)
  await until('upstream connection closed', () => upstream.isClosed(0))
})

test.each([
  'HTTP/1.1 103 Early Hints\r\nx : 1\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nx: a\0b\r\n\r\n',
  'HTTP/1.1 103 Early Hints\nx: 1\n\n',
  'HTTP/1.1 103 Early Hints\r\nx: 1\r\n 2\r\n\r\n',
])('the interim response %j', (interim) => expectBadGateway({ send: `${interim}HTTP/1.1 200 OK\r\n${REST}` }))

const BREAKS = [
  '',
  'H',
  'HTTP/1.1',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 4',
  'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r',
  'HTTP/1.1 102 Processing\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
]
test.each(BREAKS.flatMap((send) => [[send, 'end'] as const, [send, 'reset'] as const]))('after %j, %s', (send, by) =>
  expectBadGateway({ send, by }),
)
