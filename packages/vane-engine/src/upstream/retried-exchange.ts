import { type HeaderList, type HttpResponse, type HttpVersion, type RetryPolicy, VaneError } from 'vane-core'
import type { Deadline, DeadlineClock } from '../time/deadline-clock.ts'
import { toBackoffDelayMs } from './backoff-delay.ts'
import { KeptSource } from './kept-source.ts'
import type { SwitchedUpstream, UpstreamExchange, UpstreamListener, UpstreamRequest } from './upstream-request.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

/** What attempts have in common. */
export interface RetryContext {
  readonly transport: UpstreamTransport
  readonly policy: RetryPolicy
  readonly clock: DeadlineClock
  /** From 0 to below 1, for jitter. */
  random(): number
}

/** Hears of attempts besides of how a request ends. */
export interface RetryListener {
  /** An attempt has failed, and will be followed by another. */
  onRetry(error: Error): void
}

/**
 * One request that is sent again for as long as its rule's `retry` and the failures allow it.
 *
 * It stands between the listener and the exchanges of the attempts, of which there is one at a time.
 */
export class RetriedExchange implements UpstreamExchange, UpstreamListener, Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #context: RetryContext
  readonly #request: UpstreamRequest
  readonly #listener: UpstreamListener
  readonly #retries: RetryListener
  readonly #body: KeptSource | undefined
  readonly #startedAtMs = performance.now()
  #attempts = 0
  #exchange: UpstreamExchange | undefined
  #isWaiting = false

  constructor(
    context: RetryContext,
    request: UpstreamRequest,
    { listener, retries }: { readonly listener: UpstreamListener; readonly retries: RetryListener },
  ) {
    this.#context = context
    this.#listener = listener
    this.#retries = retries
    const { body } = request
    if (body.kind !== 'stream') this.#request = request
    else {
      this.#body = new KeptSource(body.source)
      this.#request = { ...request, body: { kind: 'stream', source: this.#body, length: body.length } }
    }
  }

  /**
   * Makes the first attempt.
   *
   * @throws Error where a field cannot be written.
   */
  start(): void {
    this.#send(0)
  }

  cancel(reason: Error): void {
    this.#body?.release()
    if (this.#isWaiting) {
      this.#stopWaiting()
      this.#body?.cancel(reason)
    } else this.#exchange?.cancel(reason)
  }

  onInterim(status: number, headers: HeaderList): void {
    this.#listener.onInterim(status, headers)
  }

  onResponse(response: HttpResponse, version: HttpVersion, nowMs?: number): void {
    this.#body?.release()
    this.#listener.onResponse(response, version, nowMs)
  }

  onSwitched(headers: HeaderList, upstream: SwitchedUpstream): void {
    this.#body?.release()
    this.#listener.onSwitched(headers, upstream)
  }

  onFailure(error: Error): void {
    this.#exchange = undefined
    const delayMs = this.#toDelayMs(error)
    if (delayMs === undefined) {
      this.#fail(error)
      return
    }
    this.#body?.keep()
    this.#retries.onRetry(error)
    if (delayMs === 0) {
      this.#sendAgain()
      return
    }
    this.#isWaiting = true
    const { clock } = this.#context
    clock.add(this)
    clock.set(this, delayMs)
  }

  onDeadline(): void {
    this.#stopWaiting()
    this.#sendAgain()
  }

  /** Milliseconds until the next attempt; `undefined` where there is none. */
  #toDelayMs(error: Error): number | undefined {
    const { policy, random } = this.#context
    if (!(error instanceof VaneError) || !error.isRetryable()) return undefined
    if (this.#attempts >= policy.maxAttempts || this.#body?.isStarted === true) return undefined
    const delayMs = toBackoffDelayMs(policy.backoff, this.#attempts, random())
    // Nobody is helped by waiting for an attempt that comes too late.
    const { totalMs } = this.#request.timeouts
    return totalMs === undefined || this.#spentMs + delayMs < totalMs ? delayMs : undefined
  }

  get #spentMs(): number {
    return performance.now() - this.#startedAtMs
  }

  #sendAgain(): void {
    try {
      this.#send(this.#spentMs)
    } catch (error) {
      // What could be written for one version of HTTP may be none for the next.
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #send(spentMs: number): void {
    const number = ++this.#attempts
    const exchange = this.#context.transport.send({ ...this.#request, attempt: { number, spentMs } }, this)
    // It may have failed, and have been followed by another one, before it was there.
    if (this.#attempts === number && !this.#isWaiting) this.#exchange = exchange
  }

  #stopWaiting(): void {
    this.#isWaiting = false
    this.#context.clock.delete(this)
  }

  #fail(error: Error): void {
    this.#context.transport.countFailure()
    this.#body?.release()
    this.#body?.cancel(error)
    this.#listener.onFailure(this.#attempts > 1 ? this.#toCounted(error) : error)
  }

  /** The same error, which also says that it was not the first. */
  #toCounted(error: Error): Error {
    if (!(error instanceof VaneError)) return error
    const attempts = this.#attempts
    return new VaneError(
      error.category,
      `${error.message}, in attempt ${attempts} of ${this.#context.policy.maxAttempts}`,
      {
        ...('cause' in error ? { cause: error.cause } : {}),
        context: { ...error.context, attempts },
      },
    )
  }
}
