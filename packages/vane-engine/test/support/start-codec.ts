import { createServer, type AddressInfo, type Socket } from 'node:net'
import { HeaderList, toBody, type HttpResponse } from 'vane-core'
import { DEFAULT_ENGINE_LIMITS } from 'vane-engine'
import type { ExchangeEnd, HttpServerCodec, HttpSession, ServerExchange } from '../../src/http1/server-codec.ts'
import { createHttp2ServerCodec, type Http2ServerLimits } from '../../src/http2/http2-server-codec.ts'

/** A codec behind a listener, and what its sessions have heard. */
export interface StartedCodec extends AsyncDisposable {
  readonly port: number
  readonly codec: HttpServerCodec
  readonly refusals: { readonly status: number; readonly reason: string }[]
  readonly limitHits: string[]
  readonly exchanges: ServerExchange[]
  readonly ends: ExchangeEnd[]
  readonly sockets: Set<Socket>
}

/** A short response. */
export function textResponse(text: string, status = 200): HttpResponse {
  return { status, headers: new HeaderList(['content-type', 'text/plain']), body: toBody(Buffer.from(text)) }
}

/** Serves every exchange with `handle`. */
export async function startCodec(
  handle: (exchange: ServerExchange) => void = (exchange) => exchange.respond(textResponse('hello'), false),
  limits: Partial<Http2ServerLimits> = {},
  make: (limits: Http2ServerLimits) => HttpServerCodec = createHttp2ServerCodec,
): Promise<StartedCodec> {
  const codecLimits = { ...DEFAULT_ENGINE_LIMITS, ...limits }
  const codec = make(codecLimits)
  const refusals: StartedCodec['refusals'] = []
  const limitHits: string[] = []
  const exchanges: ServerExchange[] = []
  const ends: ExchangeEnd[] = []
  const sockets = new Set<Socket>()
  const session: HttpSession = {
    scheme: 'http',
    isClosing: () => false,
    onExchange: (exchange: ServerExchange) => {
      exchanges.push(exchange)
      exchange.listener = { onEnd: (end) => void ends.push(end) }
      handle(exchange)
    },
    onRefused: (status: number, reason: string) => void refusals.push({ status, reason }),
    onLimitHit: (limit: string) => void limitHits.push(limit),
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    codec.serve(socket, session, performance.now() + codecLimits.headerTimeoutMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    codec,
    refusals,
    limitHits,
    exchanges,
    ends,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      codec.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
