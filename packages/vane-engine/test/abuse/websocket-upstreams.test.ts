import { once } from 'node:events'
import { WebSocket } from 'ws'
import { expect, test } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { type Script, startScriptedUpstream } from '../support/scripted-upstream.ts'
import { startRules } from '../support/start-rules.ts'
import { askForWebsocket, GRANT, startTunnelUpstream, websocketTo } from '../support/tunnel-upstream.ts'
import { until } from '../support/until.ts'
import { startRawUpstream } from '../support/upstream.ts'

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\n'
const UPGRADE = 'upgrade: websocket\r\n'
const CONNECTION = 'connection: upgrade\r\n'

const REFUSED: readonly (readonly [what: string, script: Script])[] = [
  ['names no protocol', { send: `${SWITCH}${CONNECTION}\r\nevil` }],
  ['names it where Connection does not', { send: `${SWITCH}${UPGRADE}\r\nevil` }],
  ['says close instead', { send: `${SWITCH}${UPGRADE}connection: close\r\n\r\nevil` }],
  ['names another protocol', { send: `${SWITCH}${CONNECTION}upgrade: h2c\r\n\r\nevil` }],
  ['names one more', { send: `${SWITCH}${CONNECTION}upgrade: websocket, h2c\r\n\r\nevil` }],
  ['names one more on a line of its own', { send: `${SWITCH}${CONNECTION}${UPGRADE}upgrade: h2c\r\n\r\nevil` }],
  ['names it twice', { send: `${SWITCH}${CONNECTION}${UPGRADE}${UPGRADE}\r\nevil` }],
  ['names a version', { send: `${SWITCH}${CONNECTION}upgrade: websocket/13\r\n\r\nevil` }],
  ['names nothing', { send: `${SWITCH}${CONNECTION}upgrade:\r\n\r\nevil` }],
  ['is of HTTP/1.0', { send: `HTTP/1.0 101 X\r\n${CONNECTION}${UPGRADE}\r\nevil` }],
  ['has a length', { send: `${SWITCH}${CONNECTION}${UPGRADE}content-length: 4\r\n\r\nevil` }],
  ['has chunks', { send: `${SWITCH}${CONNECTION}${UPGRADE}transfer-encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n` }],
  ['has a folded line', { send: `${SWITCH}${CONNECTION}upgrade:\r\n websocket\r\n\r\nevil` }],
  ['has a control character', { send: `${SWITCH}${CONNECTION}${UPGRADE}x: a\0b\r\n\r\nevil` }],
  ['ends its lines in LF', { send: `${GRANT.replaceAll('\r\n', '\n')}evil` }],
  ['has bytes before it', { send: `\x81\x04evil${GRANT}` }],
  ['has an empty line before it', { send: `\r\n${GRANT}evil` }],
  ['has a head without end', { send: `${SWITCH}${CONNECTION}${UPGRADE}x: ${'evil'.repeat(20_000)}` }],
  ['comes behind too many others', { send: `${'HTTP/1.1 103 X\r\n\r\n'.repeat(17)}${GRANT}evil` }],
  ['ends within its head', { send: GRANT.slice(0, -2), by: 'end' }],
  ['breaks off within its head', { send: GRANT.slice(0, -2), by: 'reset' }],
  ['never comes, but an end', { send: '', by: 'end' }],
  ['never comes, but a reset', { send: '', by: 'reset' }],
]

test.each(REFUSED)('a grant that %s: 502, and the upstream is cut off', async (_what, script) => {
  await using upstream = await startScriptedUpstream(script)
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('502 Bad Gateway\n')
  expect(client.text).not.toMatch(/ 101 |evil/)
  await until('the upstream’s connection to be closed', () => upstream.isClosed(0))
  expect(vane.trajectories).toMatchObject([{ status: 502, outcome: 'response' }])
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ active: 0, tunnels: 0, idle: 0, failures: 1 })
  // The client may go on, with what was refused and with other things.
  client.send(askForWebsocket())
  await client.received('\r\n\r\nok')
})

test.each([
  ['one byte at a time', (text: string) => text.split('')],
  ['in one piece with what follows', (text: string) => [text]],
])('a grant that comes %s loses nothing', async (_what, cut) => {
  await using upstream = await startRawUpstream((socket) => {
    socket.setNoDelay()
    socket.once('data', () => {
      const pieces = cut(`HTTP/1.1 103 Early Hints\r\nx-hint: 1\r\n\r\n${GRANT}\x81\x05hello`)
      const send = (index: number): void => {
        if (index < pieces.length) socket.write(pieces[index]!, 'latin1', () => setImmediate(send, index + 1))
      }
      send(0)
    })
  })
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  const text = await client.received('\x81\x05hello')
  expect(text).toMatch(/^HTTP\/1\.1 103 [^]*x-hint: 1\r\n\r\nHTTP\/1\.1 101 [^]*\r\n\r\n\x81\x05hello$/)
})

test.each(['upgrade: WebSocket', 'upgrade:   WEBSOCKET  '])('a grant in other letters: %j', async (line) => {
  const send = `${SWITCH}Connection: keep-alive, Upgrade\r\n${line}\r\ncontent-length: 0\r\n\r\nhello`
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  const text = await client.received('\r\n\r\nhello')
  expect(text.match(/^(?:connection|upgrade|content-length):.*$/gim)).toEqual([
    'connection: upgrade',
    'upgrade: websocket',
  ])
})

test('what follows a grant is the tunnel’s, though it look like HTTP', async () => {
  await using upstream = await startScriptedUpstream({ send: `${GRANT}${GRANT}HTTP/1.1 200 OK\r\n\r\n` })
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received(`\r\n\r\n${GRANT}HTTP/1.1 200 OK\r\n\r\n`)
})

test('an accept that does not fit the key is passed on: the client sees that it is talking to somebody else', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules([websocketTo(upstream.port)], {})
  const socket = new WebSocket(`ws://127.0.0.1:${vane.port}/`)
  const [error] = (await once(socket, 'error')) as [Error]
  expect(error.message).toBe('Invalid Sec-WebSocket-Accept header')
  await until('the tunnel’s end', () => vane.engine.stats().requests.tunnels === 0)
})

test('an upstream that does not answer is given up in time', async () => {
  await using upstream = await startScriptedUpstream({ send: '' })
  await using vane = await startRules([websocketTo(upstream.port, { timeouts: { first_byte: '200ms' } })], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('HTTP/1.1 504 ')
  await until('the upstream’s connection to be closed', () => upstream.isClosed(0))
})

test('a kept connection that has died is not what a wish is lost on', async () => {
  let connections = 0
  await using upstream = await startRawUpstream((socket) => {
    const isFirst = ++connections === 1
    socket.on('data', (chunk) => {
      if (!chunk.includes('upgrade')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      else if (isFirst) socket.resetAndDestroy()
      else socket.write(`${GRANT}hello`)
    })
  })
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('\r\n\r\nok')
  client.send(askForWebsocket())
  await client.received('\r\n\r\nhello')
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ retries: 1, tunnels: 1, failures: 0 })
})
