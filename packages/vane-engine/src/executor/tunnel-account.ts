import type { Socket } from 'node:net'
import type { SwitchedSocket } from '../http1/server-codec.ts'
import type { Connection } from '../listen/connection.ts'
import { type FailureSinks, reportFailure } from './report-failure.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'

/** The request that a tunnel began as. */
export interface TunnelOrigin {
  /** It has written down everything but the end. */
  readonly recorder: TrajectoryRecorder | undefined
  readonly rule: string | undefined
  readonly connection: Connection
}

/**
 * What counters and the flow log are owed of a tunnel, from its beginning to its end.
 *
 * It holds nothing of the walk that led there: a graph that is replaced must not stay for as long as the tunnels that began
 * on it.
 */
export class TunnelAccount {
  readonly #client: Socket
  readonly #origin: TunnelOrigin
  readonly #sinks: FailureSinks
  /** What the client's socket had carried before. */
  readonly #readBefore: number
  readonly #writtenBefore: number
  #error: Error | undefined

  /** @param client as it was handed over: nothing has been written to it since. */
  constructor({ socket, ahead }: SwitchedSocket, origin: TunnelOrigin, sinks: FailureSinks) {
    this.#client = socket
    this.#origin = origin
    this.#sinks = sinks
    this.#readBefore = socket.bytesRead - socket.readableLength - ahead.length
    this.#writtenBefore = socket.bytesWritten
    sinks.counters.tunnelsActive++
    socket.once('close', () => this.#end())
  }

  /** Why it is about to end, where no side has ended it in good order. */
  endsFor(reason: Error): void {
    this.#error ??= reason
  }

  /** The upstream has broken off. */
  fail(error: Error): void {
    // Who has gone first cannot be failed.
    if (this.#client.destroyed) return
    this.endsFor(error)
    const { rule, connection } = this.#origin
    reportFailure(error, { node: undefined, rule, connection }, this.#sinks)
  }

  #end(): void {
    const { bytesRead, bytesWritten } = this.#client
    this.#sinks.counters.tunnelsActive--
    this.#origin.recorder?.finishTunnel({
      bytesIn: bytesRead - this.#readBefore,
      bytesOut: bytesWritten - this.#writtenBefore,
      error: this.#error,
    })
  }
}
