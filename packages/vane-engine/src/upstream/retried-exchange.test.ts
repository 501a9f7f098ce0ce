import { EMPTY_BODY, type RetryPolicy, VaneError } from 'vane-core'
import { expect, onTestFinished, test } from 'vitest'
import { ask, type AskOptions, type Asked, streamBody } from '../../test/support/ask-upstream.ts'
import { until } from '../../test/support/until.ts'
import { DeadlineClock } from '../time/deadline-clock.ts'
import { RetriedExchange } from './retried-exchange.ts'
import type { UpstreamListener, UpstreamRequest } from './upstream-request.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

const UNREACHABLE = new VaneError({ kind: 'upstream', reason: 'unreachable' }, 'nobody there', {
  cause: new Error('ECONNREFUSED'),
  context: { upstream: 'a:1' },
})
const POLICY: RetryPolicy = {
  maxAttempts: 3,
  methods: ['GET'],
  backoff: { kind: 'none' },
  buffering: 'opportunistic',
}

interface Sent {
  readonly request: UpstreamRequest
  readonly listener: UpstreamListener
  canceled: Error | undefined
}

/** A transport that does nothing until the test says so. */
function openTransport(
  onSend: (sent: Sent) => void = () => {},
): UpstreamTransport & { sent: Sent[]; failures: number } {
  const sent: Sent[] = []
  return {
    sent,
    failures: 0,
    send(request, listener) {
      const each: Sent = { request, listener, canceled: undefined }
      sent.push(each)
      onSend(each)
      return { cancel: (reason) => (each.canceled = reason) }
    },
    countFailure() {
      this.failures++
    },
    stats: () => expect.fail('not asked for'),
    dropIdle: () => 0,
    expireName: () => {},
    retire: () => {},
    close: () => {},
  }
}

/** Sends a request that is repeated. */
function askRepeatedly(
  transport: UpstreamTransport,
  policy: Partial<RetryPolicy> = {},
  options: AskOptions = {},
): Asked & { readonly failed: Error[] } {
  const clock = new DeadlineClock()
  onTestFinished(() => clock.close())
  const failed: Error[] = []
  const context = { transport, policy: { ...POLICY, ...policy }, clock, random: () => 0 }
  const retries = { onRetry: (error: Error) => failed.push(error) }
  const asked = ask(
    {
      send(request, listener) {
        const exchange = new RetriedExchange(context, request, { listener, retries })
        exchange.start()
        return exchange
      },
    },
    options,
  )
  return { ...asked, failed }
}

test('attempts are numbered, and the last failure is told with their number', async () => {
  const transport = openTransport()
  const { response, failed } = askRepeatedly(transport)
  for (const at of [0, 1, 2]) transport.sent[at]!.listener.onFailure(UNREACHABLE)
  await expect(response).rejects.toMatchObject({
    category: UNREACHABLE.category,
    message: 'nobody there, in attempt 3 of 3',
    cause: UNREACHABLE.cause,
    context: { upstream: 'a:1', attempts: 3 },
  })
  expect(transport.sent.map(({ request }) => request.attempt.number)).toEqual([1, 2, 3])
  expect(failed).toEqual([UNREACHABLE, UNREACHABLE])
  expect(transport.failures).toBe(1)
})

test('a failure that is not to be repeated is told as it is', async () => {
  const broken = new VaneError({ kind: 'upstream', reason: 'reset-mid-request' }, 'broke off')
  for (const error of [broken, new Error('of the body')]) {
    const transport = openTransport()
    const { response } = askRepeatedly(transport)
    transport.sent[0]!.listener.onFailure(error)
    expect(await response.catch((told: unknown) => told)).toBe(error)
    expect(transport.sent).toHaveLength(1)
    expect(transport.failures).toBe(1)
  }
})

test('a failure before the sending has returned, and one more: the exchange that goes on can be cancelled', () => {
  let count = 0
  const transport = openTransport(({ listener }) => {
    if (++count < 3) listener.onFailure(UNREACHABLE)
  })
  const { exchange } = askRepeatedly(transport)
  const reason = new Error('gone')
  exchange.cancel(reason)
  expect(transport.sent.map(({ canceled }) => canceled)).toEqual([undefined, undefined, reason])
})

test('a wait has its length, and later attempts know of it', async () => {
  const transport = openTransport()
  askRepeatedly(transport, { backoff: { kind: 'fixed', delayMs: 20 } })
  transport.sent[0]!.listener.onFailure(UNREACHABLE)
  expect(transport.sent).toHaveLength(1)
  await until('second attempt', () => transport.sent[1])
  expect(transport.sent[0]!.request.attempt.spentMs).toBe(0)
  expect(transport.sent[1]!.request.attempt.spentMs).toBeGreaterThanOrEqual(20)
})

test('cancelled within a wait, nothing follows, and a body is called off', async () => {
  const transport = openTransport()
  const upload = streamBody()
  const { exchange } = askRepeatedly(transport, { backoff: { kind: 'fixed', delayMs: 10 } }, { body: upload.body })
  transport.sent[0]!.listener.onFailure(UNREACHABLE)
  const reason = new Error('gone')
  exchange.cancel(reason)
  expect(upload.canceled()).toBe(reason)
  const other = openTransport()
  askRepeatedly(other, { backoff: { kind: 'fixed', delayMs: 30 } })
  other.sent[0]!.listener.onFailure(UNREACHABLE)
  await until('an attempt that was to come later', () => other.sent[1])
  expect(transport.sent).toHaveLength(1)
})

test('a wait that would last longer than all may is not begun', async () => {
  const transport = openTransport()
  const timeouts = { totalMs: 1_000 }
  const { response } = askRepeatedly(transport, { backoff: { kind: 'fixed', delayMs: 1_000 } }, { timeouts })
  transport.sent[0]!.listener.onFailure(UNREACHABLE)
  expect(await response.catch((told: unknown) => told)).toBe(UNREACHABLE)
})

test('what cannot be written for a later attempt is a failure, not a crash', async () => {
  const fault = new TypeError('invalid field')
  let count = 0
  const transport = openTransport(() => {
    if (++count === 2) throw fault
  })
  const { response } = askRepeatedly(transport)
  transport.sent[0]!.listener.onFailure(UNREACHABLE)
  expect(await response.catch((told: unknown) => told)).toBe(fault)
})

const SINK = { write: () => true, end: () => {}, fail: () => {} }

test('a body that an attempt gave back unread goes to the next one; one that was begun ends it', () => {
  const transport = openTransport()
  const upload = streamBody()
  const { response } = askRepeatedly(transport, {}, { body: upload.body })
  response.catch(() => {})
  const bodyOf = (at: number) => {
    const { body } = transport.sent[at]!.request
    return body.kind === 'stream' ? body.source : expect.fail('no stream')
  }
  bodyOf(0).cancel(UNREACHABLE)
  transport.sent[0]!.listener.onFailure(UNREACHABLE)
  expect(upload.canceled()).toBeUndefined()
  bodyOf(1).start(SINK)
  bodyOf(1).cancel(UNREACHABLE)
  transport.sent[1]!.listener.onFailure(UNREACHABLE)
  expect(upload.canceled()).toBe(UNREACHABLE)
  expect(transport.sent).toHaveLength(2)
})

test('a body that nobody asked for is called off with the response, whichever comes first', () => {
  for (const isFirst of [true, false]) {
    const transport = openTransport()
    const upload = streamBody()
    askRepeatedly(transport, {}, { body: upload.body })
    const { request, listener } = transport.sent[0]!
    const reason = new Error('not asked for')
    const cancel = (): void => {
      if (request.body.kind === 'stream') request.body.source.cancel(reason)
    }
    if (isFirst) cancel()
    listener.onResponse({ status: 417, headers: request.headers, body: EMPTY_BODY }, '1.1')
    if (!isFirst) cancel()
    expect(upload.canceled()).toBe(reason)
  }
})
