// Runs in a thread of its own: taking a large component apart takes a third of a second, and the event loop must not wait for it.
import { parentPort, workerData } from 'node:worker_threads'

import type { CoreLimits } from '../instrument/core-limits.ts'
import { prepare, type PreparedComponent } from './prepare.ts'
import { Refusal } from './refusal.ts'

/** What the thread is given. */
export interface PrepareRequest {
  readonly bytes: Uint8Array
  readonly limits: CoreLimits
}

/** What the thread answers. */
export type PrepareReply =
  | { readonly ok: true; readonly prepared: PreparedComponent }
  | { readonly ok: false; readonly reason: string }

const { bytes, limits } = workerData as PrepareRequest
try {
  const prepared = prepare(bytes, limits)
  const reply: PrepareReply = { ok: true, prepared }
  const buffers = prepared.modules.map((module) => module.bytes.buffer as ArrayBuffer)
  parentPort?.postMessage(reply, buffers)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  const reply: PrepareReply = { ok: false, reason: error.message }
  parentPort?.postMessage(reply)
}
