import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { EngineLimits } from '../engine-options.ts'
import { reportFailure } from '../executor/report-failure.ts'
import { walkToCarrier } from '../executor/walk-connection.ts'
import { writeRawReply } from '../http1/raw-reply.ts'
import type { LinkedListener } from '../link/linked-listener.ts'
import { type LinkedNode, OP_FORWARD } from '../link/linked-node.ts'
import { type Course, decideCourse } from '../peek/decide.ts'
import { type Peek, peekConnection } from '../peek/peek-connection.ts'
import { toErrorEvent, toUpgradeEvent } from '../observe/connection-events.ts'
import { fatalAlert, MISSING_EXTENSION, UNRECOGNIZED_NAME } from '../tls/fatal-alert.ts'
import type { HandshakeOutcome, TlsTerminator } from '../tls/tls-terminator.ts'
import type { Connection } from './connection.ts'
import { explainTls } from './explain-tls.ts'
import type { HttpCodecs } from './http-codecs.ts'
import { resetSocket } from './reset-socket.ts'
import { Session, type SessionContext, type SessionOwner } from './session.ts'

/** What taking connections in draws on. */
export interface IntakeContext extends SessionContext {
  readonly limits: EngineLimits
}

/** What leads to HTTP. */
const HTTP_COURSES: ReadonlySet<Course> = new Set<Course>(['serve', 'handshake', 'explain'])

/**
 * Takes accepted connections to what carries them: through the rules that need no request, after a look at the first bytes
 * where somebody wants one, and through a TLS handshake where there are certificates.
 */
export class Intake {
  readonly #context: IntakeContext
  readonly #owner: SessionOwner
  readonly #codecs: HttpCodecs
  /** Connections on their way. */
  readonly #pending = new Set<Socket>()

  constructor(context: IntakeContext, owner: SessionOwner, codecs: HttpCodecs) {
    this.#context = context
    this.#owner = owner
    this.#codecs = codecs
  }

  /** Takes one connection in. Somebody hears the socket's errors already. */
  take(socket: Socket, connection: Connection): void {
    const listener = this.#listenerOf(connection)
    if (listener === undefined) {
      resetSocket(socket)
      return
    }
    if (!listener.needsPeek) {
      // What does not depend on the first bytes does not wait for them: some protocols have the server speak first.
      const carrier = this.#carrierOf(connection, true)
      if (carrier === undefined || carrier.op === OP_FORWARD) {
        this.#forward({ socket, connection }, carrier)
        return
      }
    }
    const { headerTimeoutMs } = this.#context.limits
    const deadlineMs = performance.now() + headerTimeoutMs
    this.#pending.add(socket)
    socket.once('close', () => this.#pending.delete(socket))
    const wantsHello = listener.readsPeek || listener.terminator !== undefined
    peekConnection(socket, { timeoutMs: headerTimeoutMs, wantsHello }, (peek) => {
      this.#onPeek(new Arrival(socket, connection, deadlineMs), peek)
    })
  }

  /** Ends the connections that have not begun to speak HTTP: nothing of theirs is under way. */
  closePending(): void {
    for (const socket of this.#pending) socket.destroy()
  }

  #onPeek(arrival: Arrival, peek: Peek): void {
    const { socket, connection } = arrival
    // A reload may have come in between.
    const listener = this.#listenerOf(connection)
    if (listener === undefined) {
      resetSocket(socket)
      return
    }
    if (listener.readsHello && peek.fault !== undefined) {
      // Rules that ask for the name cannot be answered, and must not be walked past.
      this.#refuse(arrival, peek.fault)
      return
    }
    if (listener.readsPeek) connection.peek = peek
    const course = decideCourse(listener.kind, peek.protocol, listener.terminator !== undefined)
    if (course === 'close') {
      if (peek.end === 'timeout') this.#context.floor.hit('header_timeout', connection.peerIp)
      this.#refuse(arrival, listener.terminator === undefined ? 'TLS, and no certificate' : 'neither TLS nor HTTP')
      return
    }
    const carrier = this.#carrierOf(connection, HTTP_COURSES.has(course))
    if (carrier === undefined || carrier.op === OP_FORWARD) {
      this.#forward(arrival, carrier, peek)
      return
    }
    switch (course) {
      case 'serve':
        this.#serveInClear(arrival, peek)
        break
      case 'handshake':
        this.#shakeHands(arrival, listener.terminator!, peek)
        break
      case 'explain':
        this.#createSession(connection).onRefused(400, 'a request in clear where TLS is spoken')
        explainTls(socket)
        break
      case 'walk':
        // No way leads to HTTP from here.
        resetSocket(socket)
        break
    }
  }

  /** Carries the bytes of a connection; drops it where there is nobody to carry them to. */
  #forward(
    { socket, connection }: Pick<Arrival, 'socket' | 'connection'>,
    node: LinkedNode | undefined,
    peek?: Peek,
  ): void {
    this.#pending.delete(socket)
    if (node?.forward === undefined) {
      resetSocket(socket)
      return
    }
    const lastBytes = peek?.end === 'ended' ? peek.bytes : undefined
    const rule = node.rule ?? undefined
    connection.forwarded = { rule, upstream: node.forward.upstream }
    node.forward.carry({ socket, lastBytes }, (error) =>
      reportFailure(error, { node, rule, connection }, this.#context),
    )
  }

  #serveInClear({ socket, connection, deadlineMs }: Arrival, peek: Peek): void {
    this.#pending.delete(socket)
    const session = this.#createSession(connection)
    if (peek.end === 'timeout') {
      session.onRefused(408, 'no request in time')
      writeRawReply(socket, 408)
    } else if (peek.end === 'ended') {
      // Less than a request line, and nobody who would send the rest.
      socket.destroy()
    } else {
      const { h1, h2 } = this.#codecs
      const codec = peek.protocol === 'http2' ? h2 : h1
      this.#onUpgrade(connection, codec === h2)
      codec.serve(socket, session, deadlineMs)
      socket.resume()
    }
  }

  #shakeHands(arrival: Arrival, terminator: TlsTerminator, peek: Peek): void {
    const { socket, connection, deadlineMs } = arrival
    const { floor } = this.#context
    if (peek.end !== 'detected') {
      if (peek.end === 'timeout') floor.hit('header_timeout', connection.peerIp)
      this.#refuse(arrival, 'no whole ClientHello')
      return
    }
    const { hello } = peek
    if (hello !== undefined && !terminator.shows(hello.sni)) {
      this.#refuse(
        arrival,
        hello.sni === undefined
          ? 'no name asked for, and no default certificate'
          : `no certificate for ${JSON.stringify(hello.sni)}`,
        fatalAlert(hello.sni === undefined ? MISSING_EXTENSION : UNRECOGNIZED_NAME),
      )
      return
    }
    if (!floor.beginHandshake(connection.peerIp)) {
      resetSocket(socket)
      return
    }
    const timer = setTimeout(
      () => {
        floor.hit('header_timeout', connection.peerIp)
        socket.destroy()
      },
      Math.max(0, deadlineMs - performance.now()),
    )
    terminator.handshake(socket, hello?.sni, (outcome) => {
      clearTimeout(timer)
      floor.endHandshake()
      this.#onHandshake(arrival, outcome)
    })
  }

  #onHandshake(arrival: Arrival, outcome: HandshakeOutcome): void {
    const { socket, connection } = arrival
    this.#pending.delete(socket)
    if (outcome.status === 'failed') {
      this.#logFailure(arrival, outcome.reason)
      // Not before the alert is out, which the TLS socket writes in this turn.
      setImmediate(() => socket.destroy())
      return
    }
    connection.tls = outcome.tls
    this.#serveSecure(outcome.socket, arrival)
  }

  #serveSecure(socket: TLSSocket, { connection, deadlineMs }: Arrival): void {
    socket.on('error', () => {})
    // Rules may have changed since, and those that look at the client's certificate come after `upgrade` anyway.
    const carrier = this.#carrierOf(connection, true)
    if (carrier === undefined || carrier.op === OP_FORWARD) {
      socket.destroy()
      return
    }
    const { h1, h2 } = this.#codecs
    const codec = connection.tls?.alpn === 'h2' ? h2 : h1
    this.#onUpgrade(connection, codec === h2)
    codec.serve(socket, this.#createSession(connection), deadlineMs)
  }

  #refuse(arrival: Arrival, reason: string, lastWords?: Buffer): void {
    this.#logFailure(arrival, reason)
    const { socket } = arrival
    if (lastWords === undefined) socket.destroy()
    else socket.end(lastWords, () => socket.destroy())
  }

  #onUpgrade(connection: Connection, isHttp2: boolean): void {
    this.#context.flowLog?.add(() => toUpgradeEvent(connection, isHttp2 ? 'h2' : 'http/1.1'))
  }

  #logFailure({ connection }: Arrival, reason: string): void {
    const { counters, flowLog, logger } = this.#context
    counters.errors.protocol++
    flowLog?.add(() => toErrorEvent(connection, reason))
    logger.debug({ listener: connection.entryKey, connectionId: connection.id, reason }, 'connection refused')
  }

  #listenerOf({ entryKey }: Connection): LinkedListener | undefined {
    return this.#owner.graph().listeners.get(entryKey)
  }

  #carrierOf(connection: Connection, speaksHttp: boolean): LinkedNode | undefined {
    return this.#owner.isClosing() ? undefined : walkToCarrier(this.#owner.graph(), connection, speaksHttp)
  }

  #createSession(connection: Connection): Session {
    return new Session(connection, this.#owner, this.#context)
  }
}

/** A connection on its way. */
class Arrival {
  readonly socket: Socket
  readonly connection: Connection
  /** When its first request has to be there, by `performance.now()`. */
  readonly deadlineMs: number

  constructor(socket: Socket, connection: Connection, deadlineMs: number) {
    this.socket = socket
    this.connection = connection
    this.deadlineMs = deadlineMs
  }
}
