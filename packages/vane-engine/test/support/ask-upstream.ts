import {
  type Body,
  DEFAULT_PROXY_TIMEOUTS,
  EMPTY_BODY,
  HeaderList,
  type HttpResponse,
  type ProxyTimeouts,
} from 'vane-core'
import {
  type Attempt,
  ONLY_ATTEMPT,
  type UpstreamExchange,
  type UpstreamRequest,
} from '../../src/upstream/upstream-request.ts'
import type { UpstreamTransport } from '../../src/upstream/upstream-transport.ts'

/** What differs between requests of tests. */
export interface AskOptions {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: Body
  readonly timeouts?: Partial<ProxyTimeouts>
  readonly expectsContinue?: boolean
  readonly attempt?: Attempt
}

/** A request under way, and what its listener has heard. */
export interface Asked {
  readonly exchange: UpstreamExchange
  readonly interims: number[]
  readonly response: Promise<HttpResponse>
}

/** Sends a request to an upstream. */
export function ask(pool: Pick<UpstreamTransport, 'send'>, options: AskOptions = {}): Asked {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
  promise.catch(() => {})
  const interims: number[] = []
  const request: UpstreamRequest = {
    method: options.method ?? 'GET',
    target: options.target ?? '/',
    host: 'a.test',
    headers: HeaderList.from(options.headers ?? []),
    body: options.body ?? EMPTY_BODY,
    timeouts: { ...DEFAULT_PROXY_TIMEOUTS, ...options.timeouts },
    expectsContinue: options.expectsContinue ?? false,
    upgrade: undefined,
    hold: undefined,
    attempt: options.attempt ?? ONLY_ATTEMPT,
  }
  const exchange = pool.send(request, {
    onInterim: (status) => interims.push(status),
    onResponse: resolve,
    onSwitched: () => reject(new Error('switched to another protocol')),
    onFailure: reject,
  })
  return { exchange, interims, response: promise }
}

/** The content of a response, and its trailers. */
export async function readBody({ body }: HttpResponse): Promise<{ text: string; trailers: HeaderList | undefined }> {
  if (body.kind !== 'stream')
    return { text: body.kind === 'empty' ? '' : Buffer.from(body.bytes).toString(), trailers: undefined }
  const chunks: Uint8Array[] = []
  const trailers = await new Promise<HeaderList | undefined>((resolve, reject) => {
    body.source.start({
      write: (chunk) => {
        chunks.push(Uint8Array.from(chunk))
        return true
      },
      end: resolve,
      fail: reject,
    })
  })
  return { text: Buffer.concat(chunks).toString('latin1'), trailers }
}

/** A body that is sent as the test likes. */
export function streamBody(length?: number): {
  readonly body: Body
  write(text: string): void
  end(trailers?: HeaderList): void
  fail(error: Error): void
  canceled(): Error | undefined
} {
  type Sink = Parameters<Extract<Body, { kind: 'stream' }>['source']['start']>[0]
  let sink: Sink | undefined
  let canceled: Error | undefined
  const early: ((to: Sink) => void)[] = []
  const tell = (act: (to: Sink) => void): void => {
    if (sink === undefined) early.push(act)
    else act(sink)
  }
  return {
    body: {
      kind: 'stream',
      length,
      source: {
        start: (to) => {
          sink = to
          for (const act of early) act(to)
        },
        resume: () => {},
        cancel: (reason) => (canceled = reason),
      },
    },
    write: (text) => tell((to) => void to.write(Buffer.from(text))),
    end: (trailers) => tell((to) => to.end(trailers)),
    fail: (error) => tell((to) => to.fail(error)),
    canceled: () => canceled,
  }
}
