/// <reference types="vane-plugin-sdk/vane-host" />
import { getArgs, httpFetch, log, metricCounter, metricGauge, nowUnixMs, random } from 'vane:host/host@0.1.0'
import type {
  L7RequestDecision,
  MiddlewareExport,
  MiddlewareKind,
  PluginError,
  PluginInterfaces,
} from 'vane-plugin-sdk'

// A plugin of every kind for componentize-js, by the contract alone: no SDK between it and what the toolchain generates. Its
// types are erased, and nothing is bundled.

const entry = (name: string, kind: MiddlewareKind, more?: Partial<MiddlewareExport>): MiddlewareExport => ({
  name,
  kind,
  stateless: true,
  needsBody: false,
  inspects: [],
  needsStreamingBody: false,
  ...more,
})
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const short = (status: number, body: Uint8Array): L7RequestDecision => ({
  tag: 'short',
  val: { status, headers: [{ name: 'X-By', value: 'js' }], body },
})

let calls = 0
const seen: unknown[] = []
const kept = new Map<string, unknown>()
const leaky = globalThis as { leaked?: unknown }
const leakyPrototype = Object.prototype as { leaked?: unknown }

class Failure extends Error {
  readonly payload: PluginError

  constructor(payload: PluginError) {
    super(payload.message)
    this.payload = payload
  }
}

/** What the component exports, by the names that the toolchain looks for. */
export const registry: PluginInterfaces['registry'] = {
  getMetadata: () => ({
    name: 'starling',
    version: '1.0.0',
    abiVersion: '0.1.0',
    exports: [
      entry('peek', 'l4-peek'),
      entry('bytes', 'l4-bytes', { inspects: ['conn.peer_port'] }),
      entry('request', 'l7-request', { needsBody: true, inspects: ['conn.peer_ip'] }),
      entry('counter', 'l7-request', { stateless: false }),
      entry('fetch', 'l7-request'),
      entry('response', 'l7-response', { needsBody: true }),
    ],
  }),
}

export const handlerL4Peek: PluginInterfaces['handlerL4Peek'] = {
  handle: (_name, { peek }) => ({ tag: peek[0] === 0x16 ? 'continue' : 'close' }),
}

export const handlerL4Bytes: PluginInterfaces['handlerL4Bytes'] = {
  handle(_name, { bytes: { data, truncated }, context }) {
    const port = context.find(({ path }) => path === 'conn.peer_port')?.value
    if (truncated) {
      throw new Failure({ code: 'cut', message: `${port?.tag} ${String(port?.val)}`, onErrorHint: 'force-close' })
    }
    return { tag: text(data) === 'tunnel' ? 'tunnel' : 'continue' }
  },
}

export const handlerL7Request: PluginInterfaces['handlerL7Request'] = {
  handle(name, { method, uri, headers, body, context }) {
    if (name === 'fetch') return fetchOnce()
    calls++
    if (name === 'counter') return short(200, bytes(String(calls)))
    // What the next call must not find.
    const found = [calls, seen.length, kept.size, leakyPrototype.leaked, leaky.leaked].join(',')
    seen.push(uri)
    kept.set(uri, body)
    leakyPrototype.leaked = uri
    leaky.leaked = headers
    if (uri === '/loop') for (;;);
    if (uri === '/grow') for (;;) seen.push(new Uint8Array(65_536).fill(1))
    if (uri === '/recurse') recurse()
    if (uri === '/throw') throw new TypeError('oh')
    if (uri === '/nonsense') return { tag: 'nonsense' } as never
    if (uri === '/close') return { tag: 'close' }
    if (uri === '/pass') return { tag: 'continue' }
    log('info', 'called', [{ key: 'method', value: method }])
    metricCounter('calls', 2, [{ key: 'uri', value: uri }])
    // Not a negative one: 0.23 aborts on those (bytecodealliance/ComponentizeJS#343).
    metricGauge('depth', 3, [])
    const facts = {
      found,
      args: JSON.parse(getArgs()) as unknown,
      method,
      headers: headers.map((header) => `${header.name}=${header.value}`),
      body: body && `${text(body.data)} ${body.truncated}`,
      peer: context.map(({ path, value }) => `${path}=${value.tag}:${String(value.val)}`),
      random: random(16).length,
      now: typeof nowUnixMs(),
    }
    return short(203, bytes(JSON.stringify(facts)))
  },
}

function recurse(): unknown[] {
  return [recurse()]
}

function fetchOnce(): L7RequestDecision {
  try {
    const request = { method: 'POST', url: 'http://api.test/', headers: [['a', 'b'] as [string, string]] }
    const answer = httpFetch({ ...request, body: bytes('ping') })
    return short(answer.status, answer.body)
  } catch (error) {
    return short(502, bytes((error as { payload: { tag: string } }).payload.tag))
  }
}

export const handlerL7Response: PluginInterfaces['handlerL7Response'] = {
  handle: (_name, { status, headers, body }) => {
    if (status >= 500) return { tag: 'abort' }
    if (status === 204) return { tag: 'continue' }
    const added = [...headers, { name: 'x-added', value: 'ü' }]
    return { tag: 'modify', val: { status: 299, headers: added, body: body?.data.toReversed() } }
  },
}
