import type { VaneError } from 'vane-core'
import { expect, onTestFinished, test } from 'vitest'
import { ResponseDecoder } from '../src/http1/response-decoder.ts'
import { DeadlineClock } from '../src/time/deadline-clock.ts'
import { FixedDialer } from '../src/upstream/fixed-dialer.ts'
import { Http1UpstreamPool } from '../src/upstream/upstream-pool.ts'
import { ask, readBody } from './support/ask-upstream.ts'
import { type Fate, startFlakyUpstream } from './support/flaky-upstream.ts'
import { closedPort } from './support/upstream.ts'
import { until } from './support/until.ts'

const MAX_HEADER_BYTES = 65_536

function poolTo(port: number): Http1UpstreamPool {
  const clock = new DeadlineClock()
  const context = { clock, decoder: new ResponseDecoder(MAX_HEADER_BYTES), maxHeaderBytes: MAX_HEADER_BYTES }
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const pool = new Http1UpstreamPool({ address, identity: undefined, dialer: new FixedDialer(address) }, context)
  onTestFinished(() => {
    pool.close()
    clock.close()
  })
  return pool
}

const failureOf = async (promise: Promise<unknown>): Promise<VaneError> =>
  promise.then(
    () => expect.fail('no failure'),
    (error: unknown) => error as VaneError,
  )

test('a later attempt has the time that is left of the whole exchange', async () => {
  await using upstream = await startFlakyUpstream(['hang'])
  const pool = poolTo(upstream.port)
  const attempt = { number: 2, spentMs: 99_950 }
  const failure = await failureOf(ask(pool, { timeouts: { totalMs: 100_000 }, attempt }).response)
  expect(failure).toMatchObject({ kind: 'timeout', reason: 'total' })
  expect(failure.message).toContain('100000 ms')
})

test.each([
  [0, { requests: 1, failures: 1, retries: 0 }],
  [1, { requests: 1, failures: 0, retries: 0 }],
  [2, { requests: 0, failures: 0, retries: 1 }],
])('what attempt %i counts as when it fails', async (number, counted) => {
  const pool = poolTo(await closedPort())
  const failure = await failureOf(ask(pool, { attempt: { number, spentMs: 0 } }).response)
  expect(failure.reason).toBe('unreachable')
  expect(pool.stats()).toMatchObject(counted)
  pool.countFailure()
  expect(pool.stats().failures).toBe(counted.failures + 1)
})

test.each([
  [0, 'resolves'],
  [1, 'resolves'],
  [2, 'reset-on-idle-pickup'],
])('attempt %i on a kept connection that dies: %s', async (number, outcome) => {
  const fates: Fate[] = ['serve', 'serve', 'serve']
  await using upstream = await startFlakyUpstream(fates)
  const pool = poolTo(upstream.port)
  await readBody(await ask(pool).response)
  await until('connection kept', () => pool.stats().idle === 1)
  upstream.sockets[0]!.removeAllListeners('data').once('data', () => upstream.sockets[0]!.resetAndDestroy())
  const { response } = ask(pool, { attempt: { number, spentMs: 0 } })
  if (outcome === 'resolves') expect((await response).status).toBe(200)
  else expect((await failureOf(response)).reason).toBe(outcome)
})
