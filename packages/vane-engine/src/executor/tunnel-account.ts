import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { SwitchedSocket } from '../http1/server-codec.ts'
import type { Connection } from '../listen/connection.ts'
import type { TunnelRequest } from './open-tunnel.ts'
import { type FailureSinks, reportFailure } from './report-failure.ts'
import { OUTCOME } from './step-codes.ts'
import type { RecordedWalk, TrajectoryRecorder } from './trajectory-recorder.ts'

/** Of a text no more is kept: the flow log tells half of it, and that it was cut. */
const MAX_TEXT_LENGTH = 512

/**
 * What counters and the flow log are owed of a tunnel, from its beginning to its end.
 *
 * It holds nothing of the walk that led there: a graph that is replaced must not stay for as long as the tunnels that began
 * on it.
 */
export class TunnelAccount implements RecordedWalk {
  readonly connection: Connection
  readonly rule: string | undefined
  readonly exchange: {
    readonly request: { readonly method: string; readonly target: string }
    readonly status: number | undefined
    bytesIn: number
    bytesOut: number
  }
  error: Error | undefined
  readonly #client: Socket
  readonly #recorder: TrajectoryRecorder | undefined
  readonly #sinks: FailureSinks
  /** What the client's socket had carried before. */
  readonly #readBefore: number
  readonly #writtenBefore: number

  /** @param client as it was handed over: nothing has been written to it since. */
  constructor({ socket, ahead }: SwitchedSocket, origin: TunnelRequest, sinks: FailureSinks) {
    const { connection, recorder, rule, exchange } = origin
    const { method, target } = exchange.request
    this.connection = connection
    this.rule = rule
    this.exchange = {
      request: { method: copy(method), target: copy(target) },
      status: exchange.status,
      bytesIn: 0,
      bytesOut: 0,
    }
    this.#client = socket
    this.#recorder = recorder
    this.#sinks = sinks
    this.#readBefore = socket.bytesRead - socket.readableLength - ahead.length
    this.#writtenBefore = socket.bytesWritten
    sinks.counters.tunnelsActive++
    socket.once('close', () => this.#end())
  }

  /** Why it is about to end, where no side has ended it in good order. */
  endsFor(reason: Error): void {
    this.error ??= reason
  }

  /** The upstream has broken off. */
  fail(error: Error): void {
    // Who has gone first cannot be failed.
    if (this.#client.destroyed) return
    this.endsFor(error)
    reportFailure(error, { node: undefined, rule: this.rule, connection: this.connection }, this.#sinks)
  }

  #end(): void {
    const { bytesRead, bytesWritten } = this.#client
    this.#sinks.counters.tunnelsActive--
    this.exchange.bytesIn = bytesRead - this.#readBefore
    this.exchange.bytesOut = bytesWritten - this.#writtenBefore
    this.#recorder?.finish(this, OUTCOME.tunnel)
  }
}

/** A text of its own: one that was cut from a head would keep all of it. */
function copy(text: string): string {
  return Buffer.from(text.slice(0, MAX_TEXT_LENGTH), 'latin1').toString('latin1')
}
