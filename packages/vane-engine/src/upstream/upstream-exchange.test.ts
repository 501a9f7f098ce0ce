import { EMPTY_BODY, HeaderList } from 'vane-core'
import { expect, test } from 'vitest'
import { Http1UpstreamExchange } from './upstream-exchange.ts'
import type { Http1UpstreamPool } from './upstream-pool.ts'
import { ONLY_ATTEMPT, type UpstreamListener, type UpstreamRequest } from './upstream-request.ts'

test.each(['empty', 'fixed', 'stream'] as const)(
  'a request with a body of kind %s is sent when nothing waits in the socket',
  (kind) => {
    const source = { start() {}, resume() {}, cancel() {} }
    const body = {
      empty: EMPTY_BODY,
      fixed: { kind: 'fixed', bytes: new Uint8Array(1) },
      stream: { kind: 'stream', source, length: 1 },
    }[kind]
    const request = {
      method: 'POST',
      target: '/',
      host: 'a',
      headers: new HeaderList(),
      body,
      timeouts: {},
      attempt: ONLY_ATTEMPT,
    }
    const exchange = new Http1UpstreamExchange(
      {} as Http1UpstreamPool,
      request as unknown as UpstreamRequest,
      {} as UpstreamListener,
    )
    expect(exchange.isSentBy({ writableLength: 0 })).toBe(false)
    exchange.isUploaded = true
    expect(exchange.isSentBy({ writableLength: 1 })).toBe(false)
    expect(exchange.isSentBy({ writableLength: 0 })).toBe(true)
  },
)
