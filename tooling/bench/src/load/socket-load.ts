import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { formatRequests } from '../workload/request-shape.ts'
import type { LoadPlan } from './load-launch.ts'
import { toLoadResult, type LoadResult } from './load-result.ts'
import { ResponseReader } from './response-reader.ts'

const RECONNECT_MS = 10

/** Sends one request after another on each connection for the time asked, on bare sockets. */
export async function runSocketLoad({ url, request, connections, seconds }: LoadPlan): Promise<LoadResult> {
  const latenciesMicros: number[] = []
  let errors = 0
  const stop = new AbortController()
  const target = new URL(url)
  const requests = formatRequests(request, target.host)
  const begunMs = performance.now()
  const clients = Array.from({ length: connections }, () =>
    runClient(target, requests, {
      signal: stop.signal,
      onDone: (latencyMicros) => {
        if (latencyMicros === undefined) errors += 1
        else latenciesMicros.push(latencyMicros)
      },
    }),
  )
  await delay(seconds * 1000)
  const tookSeconds = (performance.now() - begunMs) / 1000
  stop.abort()
  await Promise.all(clients)
  return toLoadResult(latenciesMicros, tookSeconds, errors)
}

interface ClientHooks {
  readonly signal: AbortSignal
  /** Gets the latency, or undefined for a failure. */
  readonly onDone: (latencyMicros: number | undefined) => void
}

function runClient(target: URL, requests: readonly Buffer[], { signal, onDone }: ClientHooks): Promise<void> {
  return new Promise((resolve) => {
    let socket: Socket | undefined
    let next = 0
    const open = (): void => {
      if (signal.aborted) return resolve()
      const reader = new ResponseReader()
      let sentMs = performance.now()
      const current = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
      socket = current
      const send = (): void => {
        sentMs = performance.now()
        current.write(requests[next]!)
        next = (next + 1) % requests.length
      }
      current.once('connect', send)
      current.on('data', (chunk: Buffer) => {
        const status = reader.push(chunk)
        if (status === undefined) return
        // A broken response ends the connection, and is counted there.
        if (status === 0) return void current.destroy()
        onDone(status < 400 ? (performance.now() - sentMs) * 1000 : undefined)
        if (!signal.aborted) send()
      })
      current.on('error', () => undefined)
      current.once('close', () => {
        if (signal.aborted) return resolve()
        onDone(undefined)
        setTimeout(open, RECONNECT_MS)
      })
    }
    signal.addEventListener('abort', () => {
      socket?.destroy()
      resolve()
    })
    open()
  })
}
