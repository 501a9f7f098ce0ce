import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Socket } from 'node:net'
import type { ListenAddress } from 'vane-core'
import type { BindOptions } from '../engine-options.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import { toTerminateEvent } from '../observe/connection-events.ts'
import type { BindTarget } from './bind-error.ts'
import { BoundSocket } from './bound-socket.ts'
import { Connection } from './connection.ts'
import { createHttpCodecs, type HttpCodecs } from './http-codecs.ts'
import { Intake, type IntakeContext } from './intake.ts'
import { resetSocket } from './reset-socket.ts'
import type { SessionOwner } from './session.ts'

/** How one listener is doing. */
export interface ListenerStatus {
  /** Key of the graph's entry, such as `tcp:127.0.0.1:8080`. */
  readonly key: string
  /** What it is bound to, with real ports; while it retries, what it will be bound to. */
  readonly addresses: readonly string[]
  readonly state: 'listening' | 'retrying' | 'failed' | 'draining'
  /** Why a socket of it does not listen, and what to do. */
  readonly error?: string
}

/** What listeners of an engine share. */
export interface ListenerContext extends IntakeContext {
  readonly bind: BindOptions
  /** The graph in force. */
  currentGraph(): LinkedGraph
  /** A socket of a listener has changed its state. */
  onListenerState(): void
}

/** One entry of the graph: its sockets, and the connections that came in by them. Captures no graph. */
export class Listener implements SessionOwner {
  readonly key: string
  readonly #context: ListenerContext
  readonly #sockets: readonly BoundSocket[]
  readonly #codecs: HttpCodecs
  readonly #intake: Intake
  readonly #connections = new Set<Socket>()
  /** While it drains: the last graph that had its entry. */
  #lastGraph: LinkedGraph | undefined
  #isDraining = false
  /** Drains that wait for the last connection: a reload's, and the engine's own. */
  readonly #whenEmpty = new Set<() => void>()

  constructor(key: string, address: ListenAddress, context: ListenerContext) {
    this.key = key
    this.#context = context
    this.#codecs = createHttpCodecs(context.limits)
    this.#intake = new Intake(context, this, this.#codecs)
    const targets = toTargets(address, context.bind)
    this.#sockets = targets.map(
      (target) =>
        new BoundSocket({
          target,
          bind: context.bind,
          mayBeAbsent: targets.length > 1,
          onConnection: (socket) => this.#accept(socket),
          onState: () => context.onListenerState(),
        }),
    )
  }

  /** Begins to bind. Resolves when each socket has made its first attempt. */
  async open(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.bind()))
  }

  /** Tries again what has given up. */
  reopen(): void {
    for (const socket of this.#sockets) socket.rebind()
  }

  graph(): LinkedGraph {
    return this.#lastGraph ?? this.#context.currentGraph()
  }

  isClosing(): boolean {
    return this.#isDraining
  }

  /** Bytes of the connections that are open. */
  openBytes(): { readonly received: number; readonly sent: number } {
    let received = 0
    let sent = 0
    for (const socket of this.#connections) {
      received += socket.bytesRead
      sent += socket.bytesWritten
    }
    return { received, sent }
  }

  status(): ListenerStatus {
    const sockets = this.#sockets.filter(({ state }) => state !== 'absent')
    const error = sockets.map((socket) => socket.error).find((text) => text !== undefined)
    const state = this.#isDraining
      ? 'draining'
      : sockets.some((socket) => socket.state === 'retrying')
        ? 'retrying'
        : sockets.some((socket) => socket.state === 'listening')
          ? 'listening'
          : sockets.some((socket) => socket.state === 'binding')
            ? 'retrying'
            : 'failed'
    return {
      key: this.key,
      addresses: sockets.map(({ address }) => address),
      state,
      ...(error === undefined ? {} : { error }),
    }
  }

  /** Whether at least one socket accepts. */
  get isListening(): boolean {
    return this.#sockets.some(({ state }) => state === 'listening')
  }

  /**
   * Stops accepting and lets connections finish: idle ones close now, the others after their next response, and what is
   * left when the time is up is cut.
   *
   * @param lastGraph the graph its connections go on with; where it is left out, the one in force.
   * @returns how many connections were cut.
   */
  async drain(timeoutMs: number, lastGraph?: LinkedGraph): Promise<number> {
    this.#lastGraph ??= (lastGraph ?? this.#context.currentGraph()).retain()
    this.#isDraining = true
    const closed = this.#sockets.map((socket) => socket.close())
    this.#intake.closePending()
    this.#codecs.h1.closeIdle()
    this.#codecs.h2.closeIdle()
    if (this.#connections.size > 0) await this.#emptied(timeoutMs)
    const forced = this.#connections.size
    for (const socket of this.#connections) socket.destroy()
    await Promise.all(closed)
    // Walks hear from their sockets that their clients are gone; before they have, an upstream must not be closed under them.
    while (this.#connections.size > 0) await nextTurn()
    // The last of their closings are noted now.
    await nextTurn()
    this.#codecs.h1.close()
    this.#codecs.h2.close()
    this.#lastGraph?.release()
    this.#lastGraph = undefined
    return forced
  }

  #emptied(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#whenEmpty.delete(finish)
        resolve()
      }
      const timer = setTimeout(finish, timeoutMs)
      this.#whenEmpty.add(finish)
    })
  }

  #accept(socket: Socket): void {
    // From its birth on: an error event that nobody hears would end the process.
    socket.on('error', () => {})
    const { counters, floor, flowLog } = this.#context
    // Remembered: after the peer has gone the system no longer tells it.
    const peer = socket.remoteAddress
    if (!floor.admit(peer)) {
      resetSocket(socket)
      return
    }
    const connection = new Connection(socket, this.key)
    counters.connectionsTotal++
    counters.connectionsActive++
    this.#connections.add(socket)
    socket.once('close', () => {
      floor.release(peer)
      // After what was under way on it, which by TLS hears of the end later in this turn.
      if (flowLog !== undefined) setImmediate(() => flowLog.add(() => toTerminateEvent(connection, socket)))
      counters.connectionsActive--
      counters.bytesReceived += socket.bytesRead
      counters.bytesSent += socket.bytesWritten
      this.#connections.delete(socket)
      if (this.#connections.size === 0) for (const finish of this.#whenEmpty) finish()
    })
    this.#intake.take(socket, connection)
  }
}

/** `:port` is one socket per address family; IPv6 ones never take IPv4 peers, whose addresses would come in mapped form. */
function toTargets(address: ListenAddress, bind: BindOptions): BindTarget[] {
  switch (address.kind) {
    case 'unix':
      return [address]
    case 'ip':
      return [{ kind: 'ip', host: address.host, port: address.port, ipv6Only: address.family === 6 }]
    case 'any':
      return [
        ...(bind.ipv4 ? [{ kind: 'ip', host: '0.0.0.0', port: address.port, ipv6Only: false } as const] : []),
        ...(bind.ipv6 ? [{ kind: 'ip', host: '::', port: address.port, ipv6Only: true } as const] : []),
      ]
  }
}
