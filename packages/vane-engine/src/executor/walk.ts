import {
  type HeaderList,
  type HttpRequest,
  type HttpResponse,
  isPluginError,
  type Logger,
  type MaybePromise,
  type PluginCallOptions,
  VaneError,
} from 'vane-core'
import type { ClientFault } from '../http1/client-fault.ts'
import type { BodyHold } from '../floor/body-memory.ts'
import type { ExchangeEnd, ExchangeListener, ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import {
  type LinkedNode,
  NO_NODE,
  OP_CHECK,
  OP_CLOSE,
  OP_FETCH,
  OP_FORWARD,
  OP_MATCH,
  OP_MIDDLEWARE,
  OP_TUNNEL,
  OP_UPGRADE,
  OP_WRITE_RESPONSE,
} from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import type { SwitchedUpstream } from '../upstream/upstream-request.ts'
import { BodyLimitError } from './body-limit-error.ts'
import { canceled } from './canceled.ts'
import { collectMessage } from './collect-message.ts'
import type { Cancelable, FetchOutcome, Flow, MiddlewareOutcome } from './flow.ts'
import { matchFrom, type MatchSubject } from './match-from.ts'
import { openTunnel } from './open-tunnel.ts'
import { discardBody } from './discard-body.ts'
import { reportFailure, reportRetry } from './report-failure.ts'
import { respondToError, toStatusResponse } from './respond-to-error.ts'
import { BRANCH } from './step-codes.ts'
import { toOutcome } from './to-outcome.ts'
import type { RecordedWalk, TrajectoryRecorder } from './trajectory-recorder.ts'
import type { WalkContext, WalkStart } from './walk-start.ts'

/**
 * Takes one request through the graph, from the node after `upgrade` to its end.
 *
 * It goes on synchronously for as long as nodes answer synchronously; what is a promise suspends it at that node.
 */
export class Walk implements Flow, MatchSubject, PluginCallOptions, ExchangeListener, RecordedWalk {
  readonly connection: Connection
  readonly request: HttpRequest
  response: HttpResponse | undefined
  readonly #graph: LinkedGraph
  readonly exchange: ServerExchange
  readonly #context: WalkContext
  readonly recorder: TrajectoryRecorder | undefined
  /** Node of the fetch that is under way. */
  #fetchAt = NO_NODE
  rule: string | undefined
  error: Error | undefined
  /** The walk has reached an end of the graph, or its client has gone: nothing further runs. */
  #hasEnded = false
  #isClosed = false
  #canceled: Cancelable | undefined
  #abort: AbortController | undefined
  hold: BodyHold | undefined

  /** Holds the graph until the response is over. */
  constructor(start: WalkStart, context: WalkContext) {
    this.#graph = start.graph.retain()
    this.exchange = start.exchange
    this.recorder = start.recorder
    this.#context = context
    this.connection = start.connection
    this.request = start.exchange.request
    start.exchange.listener = this
  }

  get logger(): Logger {
    return this.#context.logger
  }

  /** The walk is its own call options, so that a call costs no further object. */
  get callOptions(): PluginCallOptions {
    return this
  }

  get connectionId(): string {
    return this.connection.id
  }

  get signal(): AbortSignal {
    return (this.#abort ??= new AbortController()).signal
  }

  openHold(): BodyHold {
    return (this.hold ??= this.#context.bodies.open(this.connection.peerIp))
  }

  onCancel(work: Cancelable): void {
    this.#canceled = work
  }

  onInterim(status: number, headers: HeaderList): void {
    if (!this.#hasEnded) this.exchange.inform(status, headers)
  }

  onRetry(error: Error): void {
    const node = this.#graph.nodes[this.#fetchAt]!
    this.recorder?.leave(this.#fetchAt, node, BRANCH.retry)
    reportRetry(error, { node, rule: this.rule, connection: this.connection }, this.#context)
  }

  onResponse(response: HttpResponse, _version?: HttpRequest['version'], nowMs?: number): void {
    const at = this.#fetchAt
    // A response that comes after its client has gone is of no use to anybody.
    if (this.#hasEnded) discardBody(response, canceled())
    else this.run(this.#onFetched(at, this.#graph.nodes[at]!, response, nowMs))
  }

  onSwitched(headers: HeaderList, upstream: SwitchedUpstream): void {
    const { recorder } = this
    const node = this.#graph.nodes[this.#fetchAt]!
    recorder?.leave(this.#fetchAt, node, BRANCH.tunnel)
    recorder?.leave(node.otherwise, this.#graph.nodes[node.otherwise]!, BRANCH.end)
    if (!openTunnel(this, { headers, upstream }, this.#context)) {
      this.drop()
      return
    }
    this.#hasEnded = true
    this.hold?.release()
    this.#graph.release()
  }

  onFailure(error: Error): void {
    const at = this.#fetchAt
    if (!this.#hasEnded) this.run(this.#onFailure(at, this.#graph.nodes[at]!, error))
  }

  /** Walks from a node until the walk ends or must wait. Never throws. */
  run(from: number): void {
    const { nodes } = this.#graph
    let at = from
    while (at !== NO_NODE) {
      at = matchFrom(this.#graph, at, this)
      const node = nodes[at]
      if (node === undefined) {
        this.#answerError(new VaneError({ kind: 'internal' }, `walk led to node ${at}, which does not exist`))
        return
      }
      if (this.rule === undefined && node.rule !== null) this.rule = node.rule
      if (node.collect !== undefined && this.#mustWaitForBody(at, node, node.collect)) return
      at = this.#step(at, node)
    }
  }

  /** @returns the next node, or {@link NO_NODE} where the walk has ended or waits. */
  #step(at: number, node: LinkedNode): number {
    switch (node.op) {
      case OP_CHECK: {
        const isMatch = node.test!(this.connection, this.request)
        this.recorder?.leave(at, node, isMatch ? BRANCH.match : BRANCH.miss)
        return isMatch ? node.onMatch : node.next
      }
      case OP_MIDDLEWARE: {
        let outcome: MaybePromise<MiddlewareOutcome>
        try {
          outcome = node.middleware!.handle(this)
        } catch (error) {
          return this.#onFailure(at, node, error)
        }
        if (!(outcome instanceof Promise)) return this.#onOutcome(at, node, outcome)
        outcome.then(
          (value) => this.#resume(() => this.#onOutcome(at, node, value)),
          (error: unknown) => this.#resume(() => this.#onFailure(at, node, error)),
        )
        return NO_NODE
      }
      case OP_FETCH: {
        let outcome: MaybePromise<FetchOutcome> | undefined
        this.#fetchAt = at
        try {
          // Nodes before this one that took their time looked when they were done; a wait of its own is over without a look.
          outcome = node.fetch!.start(this, node.collect === undefined ? this.recorder?.lookedAtMs : undefined)
        } catch (error) {
          return this.#onFailure(at, node, error)
        }
        if (outcome === undefined) return NO_NODE
        if (!(outcome instanceof Promise)) return this.#onFetched(at, node, outcome.response)
        outcome.then(
          ({ response }) => this.onResponse(response),
          (error: unknown) => this.#resume(() => this.#onFailure(at, node, error)),
        )
        return NO_NODE
      }
      case OP_WRITE_RESPONSE:
        this.recorder?.leave(at, node, BRANCH.end)
        this.#answer(this.response ?? toStatusResponse(500), false)
        return NO_NODE
      case OP_CLOSE:
        this.recorder?.leave(at, node, BRANCH.close)
        if (node.unmatched) this.#answerUnmatched()
        else this.drop()
        return NO_NODE
      case OP_MATCH:
        // Not met: the program goes past them.
        this.#answerError(new VaneError({ kind: 'internal' }, `walk stopped at node ${at}, which leads on`))
        return NO_NODE
      case OP_UPGRADE:
        // The connection has been upgraded before its first request.
        return node.next
      case OP_FORWARD:
      case OP_TUNNEL:
        this.#answerError(new VaneError({ kind: 'internal' }, `request came to node ${at}, which carries connections`))
        return NO_NODE
    }
  }

  #onOutcome(at: number, node: LinkedNode, outcome: MiddlewareOutcome): number {
    switch (outcome.tag) {
      case 'continue':
        this.recorder?.leave(at, node, BRANCH.continue)
        return node.next
      case 'short':
        this.recorder?.leave(at, node, BRANCH.short)
        this.#answer(outcome.response, false)
        return NO_NODE
      case 'close':
        this.recorder?.leave(at, node, BRANCH.close)
        this.drop()
        return NO_NODE
    }
  }

  #onFetched(at: number, node: LinkedNode, response: HttpResponse, nowMs?: number): number {
    this.recorder?.leave(at, node, BRANCH.response, nowMs)
    // A response made by `on_error` takes the place of the one that response middleware failed on.
    if (this.response !== undefined) discardBody(this.response, new Error('replaced after a failure'))
    this.response = response
    return node.next
  }

  /** Goes on after a wait, unless the walk has ended in the meantime. */
  #resume(step: () => number): void {
    if (!this.#hasEnded) this.run(step())
  }

  #mustWaitForBody(at: number, node: LinkedNode, direction: 'request' | 'response'): boolean {
    const collected = collectMessage(this, direction, node.bodyLimitBytes)
    collected?.then(
      () => this.#resume(() => at),
      (error: unknown) => {
        // The message is at fault, not the node that was to see it: its `on_error` has no say.
        if (!this.#hasEnded) this.#answerError(error)
      },
    )
    return collected !== undefined
  }

  /** The failure channel: what a throw at a node leads to. */
  #onFailure(at: number, node: LinkedNode, error: unknown): number {
    this.recorder?.leave(at, node, BRANCH.error)
    const hint = isPluginError(error) && error.case === 'plugin' ? error.onErrorHint : undefined
    if (hint !== 'force-close' && node.onError !== NO_NODE) {
      this.#report(error, node)
      return node.onError
    }
    this.#answerError(error, node)
    return NO_NODE
  }

  /** Ends the walk with the response an error is due. */
  #answerError(error: unknown, node?: LinkedNode): void {
    this.#report(error, node)
    if (error instanceof VaneError && error.kind === 'canceled') {
      // Nobody is left to be answered.
      this.drop()
      return
    }
    const { response, close } = respondToError(error)
    // A stream ends by itself: the others of its connection have done nothing.
    this.#answer(response, close && !(this.#isShared && error instanceof BodyLimitError))
  }

  #report(error: unknown, node: LinkedNode | undefined): void {
    this.error = error instanceof Error ? error : new Error(String(error))
    reportFailure(this.error, { node, rule: this.rule, connection: this.connection }, this.#context)
  }

  /** No rule wants the request. Where a connection carries others beside it, they go on (RFC 9110 §15.5.20). */
  #answerUnmatched(): void {
    this.#answer(toStatusResponse(this.#isShared ? 421 : 404), !this.#isShared)
  }

  /** Whether the connection carries other requests beside this one. */
  get #isShared(): boolean {
    const { version } = this.request
    return version === '2' || version === '3'
  }

  #answer(response: HttpResponse, close: boolean): void {
    if (this.#hasEnded) {
      discardBody(response, canceled())
      return
    }
    this.#hasEnded = true
    if (this.response !== undefined && this.response !== response) discardBody(this.response, new Error('replaced'))
    this.response = response
    try {
      this.exchange.respond(response, close)
    } catch (error) {
      // A field that no encoder can write, from a rule or a plugin.
      this.#report(error, undefined)
      discardBody(response, new Error('response cannot be written'))
      this.exchange.respond(toStatusResponse(500), true)
    }
  }

  /** Ends a walk that has not begun. */
  refuse(fault: ClientFault): void {
    this.#answerError(fault)
  }

  /** Drops the connection without a further byte, whether or not the walk has begun. */
  drop(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#isClosed = true
    if (this.response !== undefined) discardBody(this.response, canceled())
    this.exchange.cut(canceled())
  }

  /** The exchange is over, whoever ended it. */
  onEnd(end: ExchangeEnd): number | undefined {
    const wasRunning = !this.#hasEnded
    this.#hasEnded = true
    this.hold?.release()
    if (end !== 'complete') {
      const reason = canceled()
      this.#abort?.abort(reason)
      this.#canceled?.cancel(reason)
      if (wasRunning && this.response !== undefined) discardBody(this.response, reason)
    }
    const { counters } = this.#context
    // A response that broke off under way: the head said one thing, the body's failure another.
    if (end === 'cut' && !this.#isClosed && this.exchange.error !== undefined)
      this.#report(this.exchange.error, undefined)
    if (this.exchange.status !== undefined) counters.countResponse(this.exchange.status)
    if (end === 'client-gone') counters.requestsCanceled++
    counters.requestsActive--
    this.#graph.release()
    return this.recorder?.finish(this, toOutcome(end, this.#isClosed))
  }
}
