import { DEFAULT_PROXY_TIMEOUTS, VaneError } from 'vane-core'
import { connect } from 'node:net'
import { Http2UpstreamPool } from '../../src/http2/upstream-pool.ts'
import type { Http2ServerLimits } from '../../src/http2/http2-server-codec.ts'
import { ONLY_ATTEMPT } from '../../src/upstream/upstream-request.ts'
import { startCodec, type StartedCodec, textResponse } from './start-codec.ts'

/** A proxy made of a codec and a pool, with nothing in between. */
export interface StartedBridge extends StartedCodec {
  readonly pool: Http2UpstreamPool
}

/** Passes what comes in over HTTP/2 to an HTTP/2 upstream, both in clear. */
export async function startBridge(
  upstreamPort: number,
  limits: Partial<Http2ServerLimits> = {},
): Promise<StartedBridge> {
  const pool = new Http2UpstreamPool({
    name: `127.0.0.1:${upstreamPort}`,
    scheme: 'http',
    dial: () => ({ socket: connect(upstreamPort, '127.0.0.1'), readyEvent: 'connect' }),
  })
  const served = await startCodec((exchange) => {
    const { request } = exchange
    const { method, target, headers, body } = request
    const sent = pool.send(
      {
        method,
        target,
        host: request.authority,
        headers,
        body,
        timeouts: DEFAULT_PROXY_TIMEOUTS,
        expectsContinue: headers.get('expect') !== undefined,
        upgrade: undefined,
        hold: undefined,
        attempt: ONLY_ATTEMPT,
      },
      {
        onInterim: (status, fields) => exchange.inform(status, fields),
        onResponse: (response) => exchange.respond(response, false),
        onSwitched: () => exchange.respond(textResponse('switched', 502), false),
        onFailure: (error) => exchange.respond(textResponse(error.message, 502), false),
      },
    )
    const { listener } = exchange
    exchange.listener = {
      onEnd: (end) => {
        listener?.onEnd(end)
        if (end !== 'complete') sent.cancel(new VaneError({ kind: 'canceled' }, 'client went away'))
      },
    }
  }, limits)
  const dispose = served[Symbol.asyncDispose]
  return Object.assign(served, {
    pool,
    [Symbol.asyncDispose]: async () => {
      pool.close()
      await dispose.call(served)
    },
  })
}
