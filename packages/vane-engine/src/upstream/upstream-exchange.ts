import type { Socket } from 'node:net'
import { CONTINUE_WAIT_MS } from './continue-wait.ts'
import { type HeaderList, type HttpResponse, type HttpVersion, VaneError } from 'vane-core'
import type { SwitchedSocket } from '../http1/server-codec.ts'
import { type ContentOwner, MessageSink, writeTogether } from '../http1/message-sink.ts'
import type { Deadline } from '../time/deadline-clock.ts'
import { IDEMPOTENT_METHODS } from './idempotent-methods.ts'
import { encodeRequestHead } from './request-encoder.ts'
import { keepUntilWritten } from './keep-until-written.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import { toTimeout, toUpstreamError } from './upstream-error.ts'
import type { Http1UpstreamPool } from './upstream-pool.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from './upstream-request.ts'

/** One request to an HTTP/1.1 upstream, from the pool to its response. */
export class Http1UpstreamExchange implements UpstreamExchange, ContentOwner, Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly request: UpstreamRequest
  /** Its listener has heard, or nobody listens any more. */
  isSettled = false
  /** Nothing of the request is left to be sent. */
  isUploaded = false
  readonly #pool: Http1UpstreamPool
  readonly #listener: UpstreamListener
  readonly #head: string
  #connection: UpstreamConnection | undefined
  #upload: MessageSink | undefined
  #hasRetried = false
  /** Whether its own deadline is that of the whole exchange, or of the wait for a connection. */
  #isWaiting = false
  #totalAtMs = Infinity

  /** @throws TypeError where a field cannot be written. */
  constructor(pool: Http1UpstreamPool, request: UpstreamRequest, listener: UpstreamListener) {
    this.#pool = pool
    this.request = request
    this.#listener = listener
    this.#head = encodeRequestHead(request)
    const { totalMs } = request.timeouts
    if (totalMs !== undefined) {
      const leftMs = totalMs - request.attempt.spentMs
      this.#totalAtMs = performance.now() + leftMs
      pool.clock.add(this)
      pool.clock.set(this, leftMs)
    }
  }

  /** Whether all of the request has left us: what is written may still wait in the socket. */
  isSentBy({ writableLength }: Pick<Socket, 'writableLength'>): boolean {
    return this.isUploaded && writableLength === 0
  }

  cancel(reason: Error): void {
    const wasSettled = this.isSettled
    this.isSettled = true
    this.#pool.forget(this)
    this.#end(reason)
    if (!wasSettled) this.#dropBody(reason)
    this.#connection?.abort(reason)
  }

  /** No connection is free: it may wait for one for as long as connecting may take. */
  onWaiting(): void {
    this.#isWaiting = true
    this.#pool.clock.add(this)
    this.#pool.clock.set(this, Math.min(this.request.timeouts.connectMs, this.#totalAtMs - performance.now()))
  }

  /** A connection has been found, connected or not. */
  onAssigned(connection: UpstreamConnection): void {
    this.#connection = connection
    if (!this.#isWaiting) return
    this.#isWaiting = false
    if (this.#totalAtMs === Infinity) this.#pool.clock.delete(this)
    else this.#pool.clock.set(this, this.#totalAtMs - performance.now())
  }

  /**
   * The connection takes the request now.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  onConnected(connection: UpstreamConnection, nowMs?: number): void {
    const { body, expectsContinue, hold } = this.request
    const { socket } = connection
    if (body.kind === 'stream') {
      if (!expectsContinue) this.#startUpload(this.#head)
      else {
        socket.write(this.#head, 'latin1')
        connection.awaitContinue(CONTINUE_WAIT_MS)
      }
      return
    }
    this.isUploaded = true
    if (body.kind === 'empty') socket.write(this.#head, 'latin1')
    else if (!writeTogether(socket, { before: this.#head, chunk: body.bytes, after: '' }) && hold !== undefined)
      keepUntilWritten(hold, socket)
    connection.awaitResponse(nowMs)
  }

  /** The upstream wants the body that waited for its word, or has left us without one for too long. */
  startUpload(): void {
    if (this.request.expectsContinue) this.#startUpload('')
  }

  onInterim(status: number, headers: HeaderList): void {
    if (!this.isSettled) this.#listener.onInterim(status, headers)
  }

  onResponse(response: HttpResponse, version: HttpVersion, nowMs?: number): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#listener.onResponse(response, version, nowMs)
  }

  /** The connection is no longer one of HTTP, nor of the pool. */
  onSwitched(headers: HeaderList, upstream: SwitchedSocket): void {
    this.#connection = undefined
    this.#stopTotal()
    if (this.isSettled) upstream.socket.destroy()
    else {
      this.isSettled = true
      const { timeouts, upgrade: protocol = '' } = this.request
      const { name } = this.#pool
      this.#listener.onSwitched(headers, { ...upstream, name, protocol, idleTimeoutMs: timeouts.idleMs })
    }
  }

  /** The response is complete. */
  onResponseDone(): void {
    this.#stopTotal()
    // A body that was never asked for will not be sent: the connection is of no more use.
    if (!this.isUploaded && this.#upload === undefined) {
      const connection = this.#connection
      this.#connection = undefined
      connection?.socket.destroySoon()
    }
  }

  /** The connection is another's from now on. */
  onReleased(): void {
    this.#connection = undefined
  }

  /** The connection has closed. */
  onConnectionLost(connection: UpstreamConnection, cause: NodeJS.ErrnoException): void {
    this.#connection = undefined
    if (this.isSettled) {
      this.#end(cause)
      return
    }
    const { isConnected, hasAnswered } = connection
    const isIdlePickup = connection.requests > 1 && !hasAnswered
    // Where one has died, its siblings most likely have, too.
    if (isIdlePickup) this.#pool.dropIdle()
    if (isIdlePickup && this.#mayReplay()) {
      this.#hasRetried = true
      this.isUploaded = false
      this.#pool.retry(this)
      return
    }
    const { name } = this.#pool
    this.#fail(toUpstreamError(cause, { upstream: name, isConnected, hasAnswered, isIdlePickup }))
  }

  /** Once in the life of a request, however often its sender repeats it. */
  #mayReplay(): boolean {
    const { method, attempt } = this.request
    return !this.#hasRetried && attempt.number <= 1 && this.#upload === undefined && IDEMPOTENT_METHODS.has(method)
  }

  /** Ends the exchange, and its connection, before its response has come. */
  breakOff(error: Error): void {
    const connection = this.#connection
    this.#connection = undefined
    if (this.isSettled) this.#end(error)
    else this.#fail(error)
    connection?.abort(error)
  }

  onDrain(): void {
    this.#upload?.onDrain()
  }

  onContentEnd(): void {
    this.isUploaded = true
    this.#connection?.onUploaded()
  }

  onContentFail(error: Error): void {
    this.breakOff(error)
  }

  onContentStall(): void {
    this.breakOff(toTimeout(this.#pool.name, 'idle', this.request.timeouts.idleMs))
  }

  onDeadline(): void {
    const { connectMs, totalMs } = this.request.timeouts
    this.#pool.forget(this)
    if (this.#isWaiting && performance.now() < this.#totalAtMs) {
      const message = `no connection to upstream ${this.#pool.name} became free in ${connectMs} ms`
      this.breakOff(new VaneError({ kind: 'resource', reason: 'connection-pool' }, message))
    } else this.breakOff(toTimeout(this.#pool.name, 'total', totalMs ?? 0))
  }

  #startUpload(head: string): void {
    const { body, timeouts } = this.request
    const connection = this.#connection
    if (body.kind !== 'stream' || this.#upload !== undefined || connection === undefined) return
    connection.stopClock()
    const options = {
      socket: connection.socket,
      clock: this.#pool.clock,
      head,
      isChunked: body.length === undefined,
      stallMs: timeouts.idleMs,
    }
    this.#upload = new MessageSink(body, options, this)
    this.#upload.start()
  }

  #fail(error: Error): void {
    this.isSettled = true
    if (this.request.attempt.number === 0) this.#pool.countFailure()
    this.#end(error)
    this.#dropBody(error)
    this.#listener.onFailure(error)
  }

  /** Nothing more is sent. */
  #end(reason: Error): void {
    this.#stopTotal()
    this.#upload?.abandon(reason)
  }

  #dropBody(reason: Error): void {
    const { body } = this.request
    if (body.kind === 'stream' && this.#upload === undefined) body.source.cancel(reason)
  }

  #stopTotal(): void {
    if (this.#totalAtMs !== Infinity || this.#isWaiting) this.#pool.clock.delete(this)
    this.#isWaiting = false
  }
}
