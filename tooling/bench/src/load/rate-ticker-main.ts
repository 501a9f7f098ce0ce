// A worker that tells its parent when requests are due: the timers of an event loop are a millisecond late, a wait is not.
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMicros } from '../process/monotonic-clock.ts'

/** Further apart than that, several requests share a tick. */
const MIN_TICK_MICROS = 100

const { beginMicros, intervalMicros } = workerData as { beginMicros: number; intervalMicros: number }
const never = new Int32Array(new SharedArrayBuffer(4))

for (let due = beginMicros; ; due += intervalMicros * Math.ceil(MIN_TICK_MICROS / intervalMicros)) {
  const waitMicros = due - monotonicMicros()
  if (waitMicros > 0) Atomics.wait(never, 0, 0, waitMicros / 1000)
  parentPort?.postMessage(undefined)
}
