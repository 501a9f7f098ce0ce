import { afterAll, beforeAll, expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw } from '../support/raw-client.ts'
import { startScriptedUpstream } from '../support/scripted-upstream.ts'
import { endToEnd, openStand, type Stand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const WISHES = [
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__',
  'connection: upgrade\r\nupgrade: TLS/1.3, HTTP/1.1',
  'connection: upgrade\r\nupgrade: evil',
  'upgrade: websocket',
  'connection: upgrade',
]

test.each(WISHES)('the wish %j is not passed on, and the request is served as a plain one', async (lines) => {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  client.send(`GET /chat HTTP/1.1\r\nhost: a\r\n${lines}\r\nx-kept: 1\r\n\r\n`)
  await client.received('\r\n\r\nok')
  expect(client.text).toMatch(/^HTTP\/1\.1 200 /)
  const fields = stand.upstream.requests.flatMap(endToEnd)
  expect(fields.filter((line) => /^(?:upgrade|http2-settings):/.test(line))).toEqual([])
  expect(
    stand.upstream.requests
      .flatMap(({ fields: all }) => all)
      .filter(([name, value]) => name === 'connection' && /upgrade/i.test(value)),
  ).toEqual([])
  expect(fields).toContain('x-kept: 1')
})

test.each(WISHES)('what follows the wish %j never reaches the upstream as anything but a request', async (lines) => {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  client.send(`GET /chat HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n\x81\x05hello\0\0\0\0PRI * HTTP/2.0\r\n\r\n`)
  const text = await client.closed()
  expect(readStrictResponses(text, ['GET', 'GET']).map(statusOf)).toSatisfy(
    (statuses: number[]) => statuses[0] === 200 && statuses.length <= 2 && (statuses[1] ?? 400) === 400,
  )
  expect(stand.upstream.requests.map(({ startLine }) => startLine)).toEqual(['GET /chat HTTP/1.1'])
  expect(stand.upstream.received.join('')).not.toMatch(/hello|PRI/)
})

test.each(WISHES)('an upstream that switches on the wish %j is cut off', async (lines) => {
  const send = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nevil'
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(`GET /chat HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n`)
  await client.received('HTTP/1.1 502 ')
  await until('upstream connection closed', () => upstream.isClosed(0))
  expect(client.text).not.toMatch(/101|evil/)
})
