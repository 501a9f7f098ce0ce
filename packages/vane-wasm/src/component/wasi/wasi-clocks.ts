import type { WasiFunctions } from './wasi-host.ts'
import { Inert } from './wasi-io.ts'

const NANOSECONDS_PER_MS = 1_000_000
const RESOLUTION_NS = 1_000_000

/** `wasi:clocks/monotonic-clock`. What waits on it is ready at once: a plugin cannot sleep. */
export const MONOTONIC_CLOCK: WasiFunctions = {
  now: () => process.hrtime.bigint(),
  resolution: () => BigInt(RESOLUTION_NS),
  'subscribe-instant': () => new Inert(),
  'subscribe-duration': () => new Inert(),
}

/** `wasi:clocks/wall-clock`. */
export const WALL_CLOCK: WasiFunctions = {
  now: () => {
    const nowMs = Date.now()
    return { seconds: BigInt(Math.floor(nowMs / 1000)), nanoseconds: (nowMs % 1000) * NANOSECONDS_PER_MS }
  },
  resolution: () => ({ seconds: 0n, nanoseconds: RESOLUTION_NS }),
}

/** `wasi:clocks/timezone`: UTC. Which one the machine is in is none of a plugin's business. */
export const TIMEZONE: WasiFunctions = {
  display: () => ({ utcOffset: 0, name: 'UTC', inDaylightSavingTime: false }),
  'utc-offset': () => 0,
}
