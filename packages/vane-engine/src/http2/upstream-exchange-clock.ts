import { CONTINUE_WAIT_MS } from '../upstream/continue-wait.ts'
import { VaneError } from 'vane-core'
import type { Deadline } from '../time/deadline-clock.ts'
import type { UpstreamRequest } from '../upstream/upstream-request.ts'
import type { ExchangePool } from './exchange-pool.ts'
import { toConnectTimeout, toTimeout } from '../upstream/upstream-error.ts'

/** What an exchange waits for: one thing at a time. */
export type ExchangeWait = 'capacity' | 'connection' | 'continue' | 'head' | 'end'

/** Whose time it is. */
export interface TimedExchange {
  /** The upstream has said nothing to `Expect: 100-continue`. */
  onContinueWait(): void
  breakOff(error: Error): void
}

/** What a clock has to know. */
export interface ExchangeClockOptions {
  readonly pool: Pick<ExchangePool, 'clock' | 'name' | 'isResolving'>
  readonly timeouts: UpstreamRequest['timeouts']
  /** What earlier attempts have taken of the time for all of it. */
  readonly spentMs: number
}

/** The time limits of one exchange with an upstream: of what it waits for at the moment, and of all of it. */
export class UpstreamExchangeClock implements Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #owner: TimedExchange
  readonly #options: ExchangeClockOptions
  readonly #total: TotalDeadline | undefined
  #wait: ExchangeWait = 'connection'

  constructor(owner: TimedExchange, options: ExchangeClockOptions) {
    const { pool, timeouts, spentMs } = options
    const { totalMs } = timeouts
    this.#owner = owner
    this.#options = options
    if (totalMs === undefined) return
    this.#total = new TotalDeadline(owner, pool.name, totalMs)
    pool.clock.add(this.#total)
    pool.clock.set(this.#total, totalMs - spentMs)
  }

  /** Begins to wait for something, and for nothing else any more. */
  start(wait: ExchangeWait): void {
    const { clock } = this.#options.pool
    this.#wait = wait
    if (this.deadlineMs === Infinity) clock.add(this)
    clock.set(this, this.#limitMs())
  }

  /** Waits for nothing, but for the end of it all. */
  stop(): void {
    if (this.deadlineMs !== Infinity) this.#options.pool.clock.delete(this)
  }

  /** Limits nothing any more. */
  end(): void {
    this.stop()
    if (this.#total !== undefined) this.#options.pool.clock.delete(this.#total)
  }

  /** For the clock alone. */
  onDeadline(): void {
    this.#options.pool.clock.delete(this)
    if (this.#wait === 'continue') this.#owner.onContinueWait()
    else this.#owner.breakOff(this.#toError(this.#wait))
  }

  #limitMs(): number {
    const { connectMs, firstByteMs, idleMs } = this.#options.timeouts
    switch (this.#wait) {
      case 'capacity':
      case 'connection':
        return connectMs
      case 'continue':
        return CONTINUE_WAIT_MS
      case 'head':
        return firstByteMs
      case 'end':
        return idleMs
    }
  }

  #toError(wait: Exclude<ExchangeWait, 'continue'>): VaneError {
    const { name, isResolving } = this.#options.pool
    const limitMs = this.#limitMs()
    switch (wait) {
      case 'capacity': {
        const message = `no connection to upstream ${name} became free in ${limitMs} ms`
        return new VaneError({ kind: 'resource', reason: 'connection-pool' }, message)
      }
      case 'connection':
        return toConnectTimeout(name, limitMs, isResolving)
      case 'head':
        return toTimeout(name, 'read', limitMs)
      case 'end':
        return toTimeout(name, 'idle', limitMs)
    }
  }
}

class TotalDeadline implements Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #owner: TimedExchange
  readonly #name: string
  readonly #totalMs: number

  constructor(owner: TimedExchange, name: string, totalMs: number) {
    this.#owner = owner
    this.#name = name
    this.#totalMs = totalMs
  }

  onDeadline(): void {
    this.#owner.breakOff(toTimeout(this.#name, 'total', this.#totalMs))
  }
}
