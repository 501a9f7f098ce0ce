import { expect, test } from 'vitest'
import { connectRaw } from './support/raw-client.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { askForWebsocket, startTunnelUpstream, websocketTo } from './support/tunnel-upstream.ts'
import { until } from './support/until.ts'

const IDLE_MS = 1_000

/** Starts an engine whose tunnels may be idle for that long. */
function startTo(port: number): Promise<StartedRules> {
  return startRules([websocketTo(port, { timeouts: { idle: `${IDLE_MS}ms` } })], {})
}

test('a tunnel that nobody uses ends on both sides, and its trajectory says why', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('x-up: 1')
  await client.closed()
  await until('upstream closed', () => upstream.sockets[0]?.readableEnded)
  await until('trajectory', () => vane.trajectories.length === 1)
  expect(vane.trajectories[0]).toMatchObject({
    outcome: 'tunnel',
    error: `upstream 127.0.0.1:${upstream.port} and its client sent nothing for ${IDLE_MS} ms`,
  })
  // It ended as the rule has it: nothing failed.
  expect(vane.engine.stats().errors).toMatchObject({ timeout: 0, upstream: 0 })
})

test.each(['client', 'upstream'] as const)('bytes of the %s alone keep a tunnel open', async (side) => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('x-up: 1')
  const sender = side === 'client' ? client.socket : upstream.sockets[0]!
  const seen = (): string => (side === 'client' ? upstream.received[0]! : client.text)
  const openedAtMs = performance.now()
  const chatter = setInterval(() => sender.write('.'), 20)
  try {
    await until('well past the limit', () => performance.now() - openedAtMs > 1.5 * IDLE_MS)
    expect(vane.engine.stats().requests.tunnels).toBe(1)
    const before = seen().length
    await until('more bytes', () => seen().length > before)
  } finally {
    clearInterval(chatter)
  }
  await client.closed()
})
