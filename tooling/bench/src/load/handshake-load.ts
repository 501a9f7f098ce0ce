import { connect, createSecureContext, type ConnectionOptions } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { formatRequests } from '../workload/request-shape.ts'
import type { LoadPlan } from './load-launch.ts'
import { toLoadResult, type LoadResult } from './load-result.ts'
import { ResponseReader } from './response-reader.ts'
import { TLS_TERMS } from './tls-terms.ts'

/** A TLS connection for each request. */
export interface HandshakePlan extends LoadPlan {
  /** Whether each connection resumes the session of the one before; one that is not as it should be is an error. */
  readonly resumed: boolean
}

const ANSWER_TIMEOUT_MS = 5_000
/** After a failure, so that a proxy that refuses is not asked in a tight loop. */
const PAUSE_MS = 10

/** Opens one connection after another for the time asked, each for one small request, and closes it with its answer. */
export async function runHandshakeLoad(plan: HandshakePlan): Promise<LoadResult> {
  const { url, request, connections, seconds, resumed } = plan
  const target = new URL(url)
  const shape = { ...request, headers: [...request.headers, ['Connection', 'close'] as const] }
  const [bytes] = formatRequests(shape, target.host)
  const options: ConnectionOptions = {
    host: target.hostname,
    port: Number(target.port),
    secureContext: createSecureContext({
      minVersion: TLS_TERMS.version,
      maxVersion: TLS_TERMS.version,
      ciphers: TLS_TERMS.cipher,
      ecdhCurve: TLS_TERMS.group,
    }),
    // Made for the run; to verify it would only cost the load's core time.
    rejectUnauthorized: false,
  }
  const latenciesMicros: number[] = []
  let errors = 0
  const begunMs = performance.now()
  const endMs = begunMs + seconds * 1000
  const run = async (): Promise<void> => {
    let session = resumed ? (await openOne(options, bytes!)).session : undefined
    while (performance.now() < endMs) {
      const sentMs = performance.now()
      const opened = await openOne({ ...options, session }, bytes!)
      if (opened.status >= 200 && opened.status < 400 && opened.isResumed === resumed)
        latenciesMicros.push((performance.now() - sentMs) * 1000)
      else {
        errors += 1
        await delay(PAUSE_MS)
      }
      // A ticket is good for one connection, so that nobody can tell that two are of the same client (RFC 8446 §C.4).
      if (resumed) session = opened.session ?? session
    }
  }
  await Promise.all(Array.from({ length: connections }, run))
  return toLoadResult(latenciesMicros, (performance.now() - begunMs) / 1000, errors)
}

interface Opened {
  /** Of the answer; 0 where there was none. */
  readonly status: number
  readonly isResumed: boolean
  /** What a further connection can resume. */
  readonly session: Buffer | undefined
}

function openOne(options: ConnectionOptions, request: Buffer): Promise<Opened> {
  return new Promise((resolve) => {
    const reader = new ResponseReader()
    let status = 0
    let isResumed = false
    let session: Buffer | undefined
    const socket = connect(options, () => {
      isResumed = socket.isSessionReused()
      socket.write(request)
    })
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy())
    socket.on('session', (ticket: Buffer) => (session = ticket))
    socket.on('data', (chunk: Buffer) => {
      const answered = reader.push(chunk)
      if (answered === undefined) return
      status = answered
      // The proxy closes, which is part of what is measured; unless its answer is broken.
      if (answered === 0) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.once('close', () => resolve({ status, isResumed, session }))
  })
}
