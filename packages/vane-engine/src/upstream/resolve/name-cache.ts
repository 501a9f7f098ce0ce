import { NameFailure } from './name-failure.ts'
import type { NameAnswer, NameSource, ResolvedAddress } from './name-source.ts'

/** An answer holds no shorter, whatever it says of itself, so that a burst of connections asks once. */
const MIN_TTL_MS = 1_000
/** Nor longer: a mistake in a record ends some time. */
const MAX_TTL_MS = 3_600_000
/** How long it is believed that a name has no address. */
const DENIED_MS = 5_000
/** How long nobody is asked again who could not say. */
const FAILED_MS = 1_000
/** The same, while the last known addresses stand in. */
const FAILED_STALE_MS = 5_000
/** How long addresses stand in after their time, where nobody can say what has become of them. */
const MAX_STALE_MS = 3_600_000
/** How long a new answer is waited for where there is an old one. */
const STALE_AFTER_MS = 1_000
/** Names that are remembered. */
const MAX_NAMES = 1_024

/** What a name stands for, until when. */
export interface KnownName {
  readonly addresses: readonly ResolvedAddress[]
  /** Moment of the cache's clock. */
  readonly expiresAtMs: number
}

/** Waits for a name, and hears once. */
export interface NameWaiter {
  onResolved(known: KnownName): void
  onUnresolved(failure: NameFailure): void
}

/** Hears of the first question for a name that came to nothing; `isStale` where the last known addresses stand in. */
export type LookUpListener = (host: string, failure: NameFailure, isStale: boolean) => void

/** A question that is under way. */
interface Question {
  readonly startedAtMs: number
  readonly aborting: AbortController
  readonly waiters: Set<NameWaiter>
  /** Until the old answer stands in for those that wait. */
  staleTimer: NodeJS.Timeout | undefined
}

/** What is known of one name. */
interface NameRecord {
  known: KnownName | undefined
  /** What the last question came to, where that was nothing. */
  failure: NameFailure | undefined
  failedUntilMs: number
  question: Question | undefined
  failures: number
}

/** What names stand for, for as long as it holds. Of each name one question is under way at most. */
export class NameCache {
  readonly #source: NameSource
  readonly #onFailure: LookUpListener
  readonly #now: () => number
  /** The one used last stands last. */
  readonly #records = new Map<string, NameRecord>()
  #isRetired = false

  /** @param now milliseconds of a clock that never goes back. */
  constructor(source: NameSource, onFailure: LookUpListener = () => {}, now: () => number = () => performance.now()) {
    this.#source = source
    this.#onFailure = onFailure
    this.#now = now
  }

  /** Finds what a name stands for. The waiter may hear before this returns. */
  resolve(host: string, waiter: NameWaiter): void {
    const record = this.#use(host)
    const { known, failure } = record
    const nowMs = this.#now()
    if (known !== undefined && nowMs < known.expiresAtMs) {
      waiter.onResolved(known)
      return
    }
    const stale = known !== undefined && nowMs < known.expiresAtMs + MAX_STALE_MS ? known : undefined
    if (failure !== undefined && nowMs < record.failedUntilMs) {
      if (stale === undefined) waiter.onUnresolved(failure)
      else waiter.onResolved(stale)
      return
    }
    const question = (record.question ??= this.#ask(host, record, nowMs))
    if (stale === undefined) {
      question.waiters.add(waiter)
      return
    }
    const waitMs = question.startedAtMs + STALE_AFTER_MS - nowMs
    if (failure !== undefined || waitMs <= 0) {
      waiter.onResolved(stale)
      return
    }
    question.waiters.add(waiter)
    question.staleTimer ??= setTimeout(() => {
      for (const each of takeAll(question.waiters)) each.onResolved(stale)
    }, waitMs)
  }

  /** A waiter no longer wants to hear. */
  leave(host: string, waiter: NameWaiter): void {
    const question = this.#records.get(host)?.question
    if (question?.waiters.delete(waiter) === true && this.#isRetired) this.#abandonIdle()
  }

  /** What is known of a name has had its time: whoever needs it next asks. */
  expire(host: string): void {
    const record = this.#records.get(host)
    if (record === undefined) return
    record.failedUntilMs = 0
    if (record.known !== undefined) {
      const { addresses, expiresAtMs } = record.known
      record.known = { addresses, expiresAtMs: Math.min(expiresAtMs, this.#now()) }
    }
  }

  /** Whether an answer is being waited for. */
  isAsking(host: string): boolean {
    return this.#records.get(host)?.question !== undefined
  }

  /** Questions for a name that came to nothing so far. */
  failuresOf(host: string): number {
    return this.#records.get(host)?.failures ?? 0
  }

  /** Nobody new will ask: what is under way ends once nobody waits for it. */
  retire(): void {
    this.#isRetired = true
    this.#abandonIdle()
  }

  /** Forgets everything; whoever waits does not hear. */
  close(): void {
    this.#isRetired = true
    for (const { question } of this.#records.values()) question?.waiters.clear()
    this.#abandonIdle()
    this.#records.clear()
  }

  #use(host: string): NameRecord {
    const found = this.#records.get(host)
    if (found !== undefined) this.#records.delete(host)
    else if (this.#records.size >= MAX_NAMES) this.#forgetOldest()
    const record = found ?? { known: undefined, failure: undefined, failedUntilMs: 0, question: undefined, failures: 0 }
    this.#records.set(host, record)
    return record
  }

  #forgetOldest(): void {
    for (const [host, { question }] of this.#records) {
      if (question !== undefined) continue
      this.#records.delete(host)
      return
    }
  }

  #ask(host: string, record: NameRecord, startedAtMs: number): Question {
    const question: Question = {
      startedAtMs,
      aborting: new AbortController(),
      waiters: new Set(),
      staleTimer: undefined,
    }
    this.#source.lookUp(host, question.aborting.signal).then(
      (answer) => this.#onAnswer(record, question, answer),
      (error: unknown) => this.#onFailed(host, record, question, error),
    )
    return question
  }

  #onAnswer(record: NameRecord, question: Question, { addresses, ttlMs }: NameAnswer): void {
    if (!this.#end(record, question)) return
    const known = {
      addresses,
      expiresAtMs: this.#now() + Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS),
    }
    record.known = known
    record.failure = undefined
    for (const waiter of takeAll(question.waiters)) waiter.onResolved(known)
  }

  #onFailed(host: string, record: NameRecord, question: Question, error: unknown): void {
    if (!this.#end(record, question)) return
    const nowMs = this.#now()
    const failure =
      error instanceof NameFailure ? error : new NameFailure(`nobody could be asked: ${String(error)}`, false)
    if (failure.isDenied || (record.known !== undefined && nowMs >= record.known.expiresAtMs + MAX_STALE_MS))
      record.known = undefined
    const { known: stale, failure: previous } = record
    record.failure = failure
    record.failures++
    record.failedUntilMs = nowMs + (failure.isDenied ? DENIED_MS : stale === undefined ? FAILED_MS : FAILED_STALE_MS)
    if (previous === undefined) this.#onFailure(host, failure, stale !== undefined)
    for (const waiter of takeAll(question.waiters)) {
      if (stale === undefined) waiter.onUnresolved(failure)
      else waiter.onResolved(stale)
    }
  }

  /** @returns whether its end is news. */
  #end(record: NameRecord, question: Question): boolean {
    clearTimeout(question.staleTimer)
    if (record.question !== question) return false
    record.question = undefined
    return true
  }

  #abandonIdle(): void {
    for (const record of this.#records.values()) {
      const { question } = record
      if (question === undefined || question.waiters.size > 0) continue
      record.question = undefined
      clearTimeout(question.staleTimer)
      question.aborting.abort()
    }
  }
}

/** Whoever hears may come back at once, and then waits for the next answer. */
function takeAll(waiters: Set<NameWaiter>): NameWaiter[] {
  const all = [...waiters]
  waiters.clear()
  return all
}
