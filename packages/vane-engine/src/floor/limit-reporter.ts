import type { Logger } from 'vane-core'
import type { EngineCounters } from '../observe/engine-counters.ts'
import type { FlowLog } from '../observe/flow-log.ts'
import type { LimitName } from './limit-name.ts'

/** How long a (limit, address) stays silent after a line about it. */
const SILENCE_MS = 1_000
/** Lines in that time, whatever the number of addresses: a flood from everywhere must not become a flood of the log. */
const MAX_LINES = 100

/** Whom hits are reported to. */
export interface LimitSinks {
  readonly logger: Logger
  readonly counters: EngineCounters
  readonly flowLog?: Pick<FlowLog, 'add'> | undefined
}

/** Counts hits of security limits, and logs each (limit, address) at most once in a second. */
export class LimitReporter {
  readonly #sinks: LimitSinks
  readonly #now: () => number
  /** Pairs that are silent, and since when. */
  readonly #loggedAtMs = new Map<string, number>()
  #unlogged = 0

  /** @param now milliseconds of a clock that never goes back. */
  constructor(sinks: LimitSinks, now: () => number) {
    this.#sinks = sinks
    this.#now = now
  }

  /** @param address of the peer; `undefined` on a Unix socket. */
  hit(limit: LimitName, address: string | undefined): void {
    const { counters, flowLog, logger } = this.#sinks
    counters.countLimitHit(limit)
    const pair = `${limit} ${address ?? ''}`
    const nowMs = this.#now()
    this.#forget(nowMs)
    if (this.#loggedAtMs.has(pair) || this.#loggedAtMs.size >= MAX_LINES) {
      this.#unlogged++
      return
    }
    this.#loggedAtMs.set(pair, nowMs)
    const unlogged = this.#unlogged
    this.#unlogged = 0
    logger.warn({ limit, address: address ?? 'unix', ...(unlogged === 0 ? {} : { unlogged }) }, 'limit hit')
    flowLog?.add(() => ({
      event: 'security_limit',
      unixMs: Date.now(),
      connectionId: undefined,
      entry: undefined,
      peer: address,
      limit,
    }))
  }

  /** The order of insertion is that of time, so that whatever is old stands first. */
  #forget(nowMs: number): void {
    for (const [pair, atMs] of this.#loggedAtMs) {
      if (nowMs - atMs < SILENCE_MS) return
      this.#loggedAtMs.delete(pair)
    }
  }
}
