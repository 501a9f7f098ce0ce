import { expect } from 'vitest'
import type { EngineOptions } from 'vane-engine'
import { graphOf, type ProxyOptions, proxyTo } from './graph-builder.ts'
import { connectRaw } from './raw-client.ts'
import { PLAIN_ANSWER, type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts'
import { startEngine, type StartedEngine } from './start-engine.ts'
import { readStrictResponse, readStrictResponses, type StrictMessage } from './strict-message.ts'
import { until } from './until.ts'

/** An engine before a recording upstream, and what is asked of the two. */
export interface Stand extends AsyncDisposable {
  readonly vane: StartedEngine
  readonly upstream: RecordingUpstream
}

/** What a stand is made of; everything has a default. */
export interface StandOptions {
  readonly engine?: EngineOptions
  readonly proxy?: ProxyOptions
  answer?(request: StrictMessage): string
}

/** A request of a table. */
export interface Case {
  readonly what: string
  /** Bytes as latin1, sent in one piece. */
  readonly send: string
}

/** Pipelined behind what is to be refused; it must not come out at the other end. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: smuggled.test\r\n\r\n'

/** Starts both. */
export async function openStand(options: StandOptions = {}): Promise<Stand> {
  const upstream = await startRecordingUpstream(options.answer ?? (() => PLAIN_ANSWER))
  const vane = await startEngine(graphOf(proxyTo(upstream.port, options.proxy)), options.engine)
  return {
    vane,
    upstream,
    async [Symbol.asyncDispose]() {
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/**
 * Sends bytes with a request behind them: the client gets one response of that status and the end of the connection, and the
 * upstream gets nothing.
 *
 * @param statuses any of these will do; empty for no answer at all.
 */
export async function expectRefused(stand: Stand, send: string, ...statuses: number[]): Promise<void> {
  const answers = await sendRefused(stand, send + SMUGGLED)
  if (statuses.length === 0) expect(answers).toEqual([])
  else expectRefusal(answers, statuses)
  await serveMarker(stand)
  expect(stand.upstream.requests.map(({ startLine }) => startLine)).toEqual([MARKER_LINE])
  // Every byte that came is that of the marker.
  expect(stand.upstream.received.filter((text) => text !== '')).toEqual([expect.stringMatching(/^GET \/marker /)])
  expect(stand.upstream.received.join('').split('\r\n\r\n')).toHaveLength(2)
}

/**
 * Sends a request that breaks off within its body: the client gets a refusal, or at least no success and the end of the connection; the
 * upstream may have seen the beginning, but no end of it, and nothing of what follows.
 */
export async function expectBrokenOff(stand: Stand, send: string, ...statuses: number[]): Promise<void> {
  const answers = await sendRefused(stand, send + SMUGGLED)
  expectRefusal(answers, statuses)
  await serveMarker(stand)
  expect(stand.upstream.requests.map(({ startLine }) => startLine)).toEqual([MARKER_LINE])
  expect(stand.upstream.received.join('')).not.toContain('smuggled')
}

/** Sends requests on one connection, each of which must be answered, and answers what the upstream read. */
export async function expectServed(stand: Stand, send: string, methods: readonly string[] = ['GET']): Promise<Served> {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  client.send(send)
  const finals = (): StrictMessage[] => finalsOf(client.text, methods, client.closedBy !== undefined)
  await until(`${methods.length} answers in ${JSON.stringify(client.text.slice(0, 300))}`, () => {
    return client.closedBy !== undefined || finals().length >= methods.length
  })
  const responses = finals()
  expect(responses).toHaveLength(methods.length)
  expect(stand.upstream.faults).toEqual([])
  const closes = responses.at(-1)!.fields.some(([name, value]) => name === 'connection' && /close/i.test(value))
  if (closes) await client.closed()
  else expect(client.closedBy).toBeUndefined()
  return { requests: [...stand.upstream.requests], responses, closes, text: client.text }
}

/** What came of requests that were served. */
export interface Served {
  /** As the upstream read them. */
  readonly requests: readonly StrictMessage[]
  /** Final ones. */
  readonly responses: readonly StrictMessage[]
  readonly closes: boolean
  /** Everything the client received. */
  readonly text: string
}

/** Fields without those that are a proxy's own to choose on the next connection. */
export function endToEnd(message: StrictMessage): string[] {
  return message.fields.filter(([name]) => name !== 'connection').map(([name, value]) => `${name}: ${value}`)
}

/** Status of a response. */
export function statusOf(message: StrictMessage): number {
  return Number(message.startLine.slice(9, 12))
}

const MARKER_LINE = 'GET /marker HTTP/1.1'

async function sendRefused(stand: Stand, send: string): Promise<StrictMessage[]> {
  stand.upstream.forget()
  using client = await connectRaw(stand.vane.port)
  client.send(send)
  return readStrictResponses(await client.closed(), [])
}

function expectRefusal(answers: readonly StrictMessage[], statuses: readonly number[]): void {
  expect(answers).toHaveLength(1)
  expect(statuses).toContain(statusOf(answers[0]!))
  expect(answers[0]!.fields.map(([name, value]) => `${name}: ${value.toLowerCase()}`)).toContain('connection: close')
}

/** A request of one's own that goes all the way: whatever was under way before it has arrived, and the proxy still serves. */
async function serveMarker(stand: Stand): Promise<void> {
  using client = await connectRaw(stand.vane.port)
  client.send('GET /marker HTTP/1.1\r\nhost: marker.test\r\nconnection: close\r\n\r\n')
  const [answer, ...others] = readStrictResponses(await client.closed(), ['GET'])
  expect(others).toEqual([])
  expect(statusOf(answer!)).toBe(200)
  expect(stand.upstream.faults).toEqual([])
}

function finalsOf(text: string, methods: readonly string[], isClosed: boolean): StrictMessage[] {
  const found: StrictMessage[] = []
  for (let from = 0; from < text.length;) {
    const message = readStrictResponse(text, { from, to: methods[found.length] ?? 'GET', isClosed })
    if (message === undefined) break
    if (!message.startLine.startsWith('HTTP/1.1 1')) found.push(message)
    from = message.end
  }
  return found
}
