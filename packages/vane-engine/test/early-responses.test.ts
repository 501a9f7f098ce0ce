import { expect, test } from 'vitest'
import { createFakeWasm } from './support/fake-wasm.ts'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { PLAIN_ANSWER } from './support/recording-upstream.ts'
import { startScriptedUpstream } from './support/scripted-upstream.ts'
import { startEngine } from './support/start-engine.ts'
import { startRawUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const EARLY = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nearly'

test('a connection whose upstream answered before it had the body is not used again', async () => {
  // It takes what follows a head for the next head, as an upstream does that does not read the body of what it refuses.
  await using upstream = await startScriptedUpstream({ send: EARLY })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  const smuggled = 'GET /smuggled HTTP/1.1\r\nx: '
  client.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${smuggled.length}\r\n\r\n`)
  await client.received('early')
  client.send(smuggled)
  await until('the body passed on', () => vane.engine.stats().upstreams[0]?.active === 0)
  expect(await exchangeRaw(vane.port, 'GET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(/ok$/)
  expect(upstream.heads.map((heads) => heads.map((head) => head.split(' ', 2).join(' ')))).toEqual([
    ['POST /'],
    ['GET /b'],
  ])
})

test('nor is one that has the rest of a body in its queue that was read whole before', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write(EARLY)
    })
  })
  const wasm = createFakeWasm({ l7Request: () => ({ tag: 'continue' }) })
  const look = { name: 'fake:look', pluginPath: wasm.path, needsBody: true }
  await using vane = await startEngine(graphOf(proxyTo(upstream.port), [look]), { wasm: wasm.runtime })
  // More than the buffers of the system take.
  const length = 24_000_000
  using client = await connectRaw(vane.port)
  client.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${'x'.repeat(length)}`)
  await client.received('early')
  const other = await exchangeRaw(vane.port, 'GET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(other).toMatch(/early$/)
  expect(upstream.sockets).toHaveLength(2)
})

test('an upstream that answers early, and reads slowly, gets all of the body', async () => {
  const length = 3_000_000
  let received = 0
  let hasEnded = false
  let resume = (): void => {}
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', (chunk) => {
      received += chunk.length - chunk.indexOf('\r\n\r\n') - 4
      socket.write(PLAIN_ANSWER)
      socket.pause()
      resume = () => socket.on('data', (more) => (received += more.length)).resume()
    })
    socket.on('end', () => (hasEnded = true))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`)
  await client.received('ok')
  client.send('x'.repeat(length))
  resume()
  await until('the end', () => hasEnded)
  expect(received).toBe(length)
})
