import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { monotonicMicros } from '../process/monotonic-clock.ts'
import { formatRequests } from '../workload/request-shape.ts'
import type { LoadPlan } from './load-launch.ts'
import { percentile, toLoadResult, type LoadResult } from './load-result.ts'
import { RateClient } from './rate-client.ts'

/** Load at a rate of its own. */
export interface RatePlan extends LoadPlan {
  readonly requestsPerSecond: number
}

/** How long the last requests may take. */
const GRACE_MS = 1000
/** Requests are due from so long after the connections stand. */
const LEAD_MICROS = 10_000

/**
 * Sends requests at even intervals, whether or not earlier ones have been answered: one that finds every connection taken
 * waits for one. Latencies count from the moment a request was due, so that a proxy that stalls pays for all that it kept
 * waiting, and the generator for its own lateness; those that stay without an answer count with the time they have waited.
 */
export async function runRateLoad(plan: RatePlan): Promise<LoadResult> {
  const { url, request, connections, seconds, requestsPerSecond } = plan
  const target = new URL(url)
  const requests = formatRequests(request, target.host)
  const total = Math.round(requestsPerSecond * seconds)
  const intervalMicros = 1e6 / requestsPerSecond
  const latenciesMicros: number[] = []
  const latenessMicros: number[] = []
  const waiting: number[] = []
  const idle: RateClient[] = []
  let errors = 0
  let issued = 0
  let beginMicros = Number.POSITIVE_INFINITY

  const send = (client: RateClient, dueMicros: number, index: number): void => {
    client.send(requests[index % requests.length]!, dueMicros)
  }
  const issueDue = (): void => {
    const now = monotonicMicros()
    for (; issued < total; issued += 1) {
      const dueMicros = beginMicros + issued * intervalMicros
      if (dueMicros > now) return
      const client = idle.shift()
      if (client === undefined) waiting.push(dueMicros)
      else {
        latenessMicros.push(now - dueMicros)
        send(client, dueMicros, issued)
      }
    }
  }
  const clients = Array.from(
    { length: connections },
    () =>
      new RateClient(target, {
        onAnswer: (status, dueMicros) => {
          if (status < 400) latenciesMicros.push(monotonicMicros() - dueMicros)
          else errors += 1
        },
        onFree: (client) => {
          const dueMicros = waiting.shift()
          if (dueMicros === undefined) idle.push(client)
          else send(client, dueMicros, issued)
          issueDue()
        },
        onFailure: () => {
          errors += 1
        },
      }),
  )
  await Promise.all(clients.map((client) => client.connected))

  beginMicros = monotonicMicros() + LEAD_MICROS
  const ticker = new Worker(join(import.meta.dirname, 'rate-ticker-main.ts'), {
    workerData: { beginMicros, intervalMicros },
  })
  ticker.on('message', issueDue)
  await delay(seconds * 1000 + LEAD_MICROS / 1000)
  await ticker.terminate()
  const answeredInTime = latenciesMicros.length
  const isDone = (): boolean => latenciesMicros.length + errors >= total
  for (const endMs = performance.now() + GRACE_MS; !isDone() && performance.now() < endMs;) await delay(10)
  clients.forEach((client) => client.close())

  const endMicros = monotonicMicros()
  const unanswered = [...waiting, ...clients.flatMap((client) => client.dueMicros ?? [])]
  const all = [...latenciesMicros, ...unanswered.map((dueMicros) => endMicros - dueMicros)]
  return {
    ...toLoadResult(all, seconds, errors),
    requests: latenciesMicros.length,
    requestsPerSecond: answeredInTime / seconds,
    latenessP99Micros: percentile(latenessMicros, 0.99),
  }
}
