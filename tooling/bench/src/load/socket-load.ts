import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadPlan } from './load-launch.ts'
import type { LoadResult } from './load-result.ts'

/**
 * Sends one request after another on each connection for the time asked, on bare sockets. It reads just enough of a response
 * to find its end, so it serves for upstreams whose responses carry Content-Length, as the benchmark's do.
 */
export async function runSocketLoad({ url, connections, seconds }: LoadPlan): Promise<LoadResult> {
  const latenciesMicros: number[] = []
  let errors = 0
  const stop = new AbortController()
  const begunMs = performance.now()
  const clients = Array.from({ length: connections }, () =>
    runClient(new URL(url), stop.signal, (latencyMicros) => {
      if (latencyMicros === undefined) errors += 1
      else latenciesMicros.push(latencyMicros)
    }),
  )
  await delay(seconds * 1000)
  const tookSeconds = (performance.now() - begunMs) / 1000
  stop.abort()
  await Promise.all(clients)

  const sorted = Float64Array.from(latenciesMicros).toSorted()
  const percentile = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return {
    requests: sorted.length,
    requestsPerSecond: sorted.length / tookSeconds,
    p50Micros: percentile(0.5),
    p99Micros: percentile(0.99),
    errors,
  }
}

/** @param onDone gets the latency, or undefined for a failure */
function runClient(
  target: URL,
  signal: AbortSignal,
  onDone: (latencyMicros: number | undefined) => void,
): Promise<void> {
  const request = `GET ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`
  return new Promise((resolve) => {
    let socket: Socket | undefined
    const open = (): void => {
      let sentMs = performance.now()
      let received = ''
      const current = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
      socket = current
      const send = (): void => {
        received = ''
        sentMs = performance.now()
        current.write(request)
      }
      current.once('connect', send)
      current.on('data', (chunk) => {
        received += chunk.toString('latin1')
        const status = isComplete(received)
        if (status === undefined) return
        onDone(status < 400 ? (performance.now() - sentMs) * 1000 : undefined)
        if (!signal.aborted) send()
      })
      current.on('error', () => undefined)
      current.once('close', () => {
        if (signal.aborted) return resolve()
        onDone(undefined)
        setTimeout(open, 10)
      })
    }
    signal.addEventListener('abort', () => {
      socket?.destroy()
      resolve()
    })
    open()
  })
}

/** Gives the status once the whole response is there. */
function isComplete(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))
  if (received.length < headEnd + 4 + Number(length?.[1] ?? 0)) return undefined
  return Number(received.slice(9, 12))
}
