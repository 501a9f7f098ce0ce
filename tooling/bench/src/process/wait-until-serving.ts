import { get } from 'node:http'
import { connect } from 'node:http2'
import { get as getOverTls } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import type { Child } from './child-group.ts'

const READY_TIMEOUT_MS = 60_000
const ANSWER_TIMEOUT_MS = 5_000
const POLL_INTERVAL_MS = 50

/** What to ask a program for. */
export interface Probe {
  readonly url: string
  /** Sent as `Host`; default: that of the URL. */
  readonly host?: string | undefined
  /** Default: 1.1. */
  readonly version?: '1.1' | '2'
}

/** Waits until a program answers 200 with a body; throws what the program printed if it ends or never does. */
export async function waitUntilServing(child: Child, probe: Probe, signal: AbortSignal): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  let lastFailure = 'no answer'
  let exitCode: number | undefined
  void child.ended.then((code) => (exitCode = code))
  while (Date.now() < deadlineMs) {
    signal.throwIfAborted()
    if (exitCode !== undefined) throw new Error(`ended with code ${exitCode} before it served:\n${child.output()}`)
    try {
      const { status, bodyBytes } = await ask(probe, signal)
      if (status === 200 && bodyBytes > 0) return
      lastFailure = `status ${status} with ${bodyBytes} bytes`
    } catch (error) {
      lastFailure = error instanceof Error ? error.message : String(error)
    }
    await delay(POLL_INTERVAL_MS, undefined, { signal })
  }
  throw new Error(`did not serve ${probe.url} within ${READY_TIMEOUT_MS} ms (${lastFailure}):\n${child.output()}`)
}

interface Answer {
  readonly status: number
  readonly bodyBytes: number
}

function ask(probe: Probe, signal: AbortSignal): Promise<Answer> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
  return probe.version === '2' ? askHttp2(probe, within) : askHttp1(probe, within)
}

/** Node's own client, because fetch does not let its caller choose a Host. */
function askHttp1({ url, host }: Probe, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? getOverTls : get)(url, {
      agent: false,
      headers: host === undefined ? {} : { host },
      signal,
      // The certificate was made for this run.
      rejectUnauthorized: false,
    })
    request.once('error', reject)
    request.once('response', (response) => {
      let bodyBytes = 0
      response.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, bodyBytes }))
    })
  })
}

/** In clear, by prior knowledge. */
function askHttp2({ url }: Probe, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(url)
    session.once('error', reject)
    session.once('close', () => reject(new Error('the connection was closed')))
    const request = session.request({ ':path': new URL(url).pathname }, { signal })
    let status = 0
    let bodyBytes = 0
    request.once('error', reject)
    request.once('response', (headers) => (status = headers[':status'] ?? 0))
    request.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
    request.once('end', () => {
      resolve({ status, bodyBytes })
      session.destroy()
    })
  })
}
