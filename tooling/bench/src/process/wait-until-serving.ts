import { setTimeout as delay } from 'node:timers/promises'
import type { Child } from './child-group.ts'

const READY_TIMEOUT_MS = 60_000
const POLL_INTERVAL_MS = 50

/** Waits until a program answers 200 with the upstream's body; throws what the program printed if it ends or never does. */
export async function waitUntilServing(child: Child, url: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  let lastFailure = 'no answer'
  let exitCode: number | undefined
  void child.ended.then((code) => (exitCode = code))
  while (Date.now() < deadlineMs) {
    signal.throwIfAborted()
    if (exitCode !== undefined) throw new Error(`ended with code ${exitCode} before it served:\n${child.output()}`)
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) })
      const body = await response.arrayBuffer()
      if (response.status === 200 && body.byteLength > 0) return
      lastFailure = `status ${response.status} with ${body.byteLength} bytes`
    } catch (error) {
      lastFailure = error instanceof Error ? error.message : String(error)
    }
    await delay(POLL_INTERVAL_MS, undefined, { signal })
  }
  throw new Error(`did not serve ${url} within ${READY_TIMEOUT_MS} ms (${lastFailure}):\n${child.output()}`)
}
