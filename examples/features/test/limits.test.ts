import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

test('limits', async () => {
  const example = await startExample('limits', { ports: [8080], env: { VANE_LOG_LEVEL: 'info' } })
  const base = example.base(8080)
  expect((await ask(base, { headers: { 'x-large': 'x'.repeat(9_000) } })).status).toBe(431)
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x-${n}`, 'y']))
  expect((await ask(base, { headers: many })).status).toBe(431)
  const sockets = Array.from({ length: 11 }, () => connect({ port: example.port(8080), host: '127.0.0.1' }))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (const socket of sockets) socket.on('error', () => {})
  await Promise.race(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  const vane = example.vane('stats', '--json')
  const [stats] = (await once(vane.stdout!.setEncoding('utf8'), 'data')) as [string]
  expect(JSON.parse(stats)).toMatchObject({
    limit_hits: { max_header_bytes: 1, max_headers_count: 1, max_conn_per_ip: 1 },
  })
  expect(example.log()).toContain('"limit":"max_conn_per_ip","address":"127.0.0.1"')
})
