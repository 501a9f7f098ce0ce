import type { Socket } from 'node:net'
import { ConnectionFault } from './connection-fault.ts'
import { ConnectionInput, type InputHandler } from './connection-input.ts'
import { ERROR_CODE } from './error-code.ts'
import type { FloodGuard } from './flood-guard.ts'
import { dependencyOf, withoutPadding } from './frame-content.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, FRAME, INITIAL_WINDOW_BYTES, MAX_31_BIT } from './frame-type.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import type { Http2Stream } from './http2-stream.ts'
import { type Http2ConnectionOptions, StreamHost } from './stream-host.ts'

/** One end of an HTTP/2 connection (RFC 9113): what each frame does to its streams and windows. */
export abstract class Http2Connection extends StreamHost implements InputHandler {
  readonly #input: ConnectionInput

  constructor(socket: Socket, options: Http2ConnectionOptions, guard: FloodGuard) {
    super(socket, options, guard)
    this.#input = new ConnectionInput(this, options)
  }

  /** A HEADERS block has come for a stream that is not open. */
  protected abstract onStrangeHeaders(id: number, block: FieldBlock, endStream: boolean): void
  protected abstract onGoaway(lastStreamId: number, code: number): void
  /** A head or the preface was too slow to come. */
  abstract onHeaderTimeout(): void

  /** Whether a head has begun that is not complete. */
  protected get isWithinHead(): boolean {
    return this.#input.isWithinHead
  }

  /** Something has come in. */
  protected onActivity(): void {}

  protected override end(fault: ConnectionFault | undefined): void {
    this.#input.stop()
    super.end(fault)
  }

  protected onPingAck(_payload: Buffer): void {}

  /** Takes the socket over. Called once. */
  start(): void {
    const { socket, options } = this
    this.output.frames.settings(options.settings)
    this.output.frames.windowUpdate(0, options.connectionWindowBytes - INITIAL_WINDOW_BYTES)
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('drain', () => this.output.onDrain(this.streams.values()))
    socket.on('error', () => {})
    // HTTP/2 knows no connection that is half open: who ends it wants no more of it.
    socket.on('end', () => this.end(undefined))
    socket.on('close', () => this.end(undefined))
    this.output.scheduleFlush()
  }

  /** Takes bytes from the peer. */
  protected read(chunk: Buffer): void {
    if (this.isOver) return
    try {
      this.onActivity()
      this.#input.push(chunk)
    } catch (error) {
      // Whatever it is, other connections must not suffer for it.
      this.fail(error instanceof ConnectionFault ? error : new ConnectionFault(ERROR_CODE.internalError, String(error)))
    }
  }

  /** For `ConnectionInput` alone. */
  onFrame(frame: Frame): void {
    switch (frame.type) {
      case FRAME.data:
        this.#onData(frame)
        break
      case FRAME.priority:
        this.#onPriority(frame)
        break
      case FRAME.rstStream:
        this.#onRstStream(frame)
        break
      case FRAME.settings:
        this.#onSettings(frame)
        break
      case FRAME.ping:
        this.#onPing(frame)
        break
      case FRAME.goaway:
        this.onGoaway(frame.payload.readUInt32BE(0) & MAX_31_BIT, frame.payload.readUInt32BE(4))
        break
      case FRAME.windowUpdate:
        this.#onWindowUpdate(frame)
        break
      default:
        this.guard.charge('emptyFrames')
    }
  }

  #onData(frame: Frame): void {
    const { streamId, payload } = frame
    const content = withoutPadding(frame)
    if (!this.window.receive(payload.length))
      throw new ConnectionFault(ERROR_CODE.flowControlError, 'more DATA than the window')
    const stream = this.#find(streamId, 'DATA')
    if (stream === undefined) {
      // On its way when the stream was reset: no more than windows allow.
      if (content.length === 0) this.guard.charge('emptyFrames')
      this.credit(payload.length)
      return
    }
    const { incoming } = stream
    if (stream.isRemoteEnded || incoming === undefined) {
      this.credit(payload.length)
      if (stream.isRemoteEnded) this.faultStream(stream, ERROR_CODE.streamClosed, 'DATA after the end of the stream')
      else this.faultStream(stream, ERROR_CODE.protocolError, 'DATA without a head')
      return
    }
    if (!stream.window.receive(payload.length)) {
      this.credit(payload.length)
      this.faultStream(stream, ERROR_CODE.flowControlError, 'more DATA than the window of its stream')
      return
    }
    const endStream = (frame.flags & FLAG.endStream) !== 0
    if (content.length === 0 && !endStream) this.guard.charge('emptyFrames')
    if (payload.length > content.length) this.creditStream(stream, payload.length - content.length)
    if (!incoming.receive(content)) {
      this.credit(content.length)
      this.faultStream(stream, ERROR_CODE.protocolError, 'more DATA than content-length')
    } else if (endStream) this.endRemote(stream, undefined)
  }

  /** For `ConnectionInput` alone. */
  onFields(streamId: number, fields: FieldBlock, endStream: boolean): void {
    const stream = this.streams.get(streamId)
    if (stream === undefined) {
      if (this.recent.isClosedByPeer(streamId) === true) throw streamClosed('HEADERS', streamId)
      // Trailers of a stream that was reset in the meantime.
      if (this.recent.isClosedByPeer(streamId) === false) this.guard.charge('emptyFrames')
      else this.onStrangeHeaders(streamId, fields, endStream)
    } else if (stream.isRemoteEnded) {
      this.faultStream(stream, ERROR_CODE.streamClosed, 'HEADERS after the end of the stream')
    } else stream.owner.onHeaders(fields, endStream)
  }

  #onPriority(frame: Frame): void {
    if (dependencyOf(frame.payload) === frame.streamId)
      throw protocolError(`stream ${frame.streamId} depends on itself`)
    this.guard.charge('emptyFrames')
  }

  #onRstStream(frame: Frame): void {
    const { streamId, payload } = frame
    const stream = this.streams.get(streamId)
    if (stream === undefined) {
      this.#assertNotIdle(streamId, 'RST_STREAM')
      this.guard.charge('emptyFrames')
      return
    }
    this.closeStream(stream, true)
    stream.owner.onReset(payload.readUInt32BE(0))
    this.guard.charge('resets')
  }

  #onSettings(frame: Frame): void {
    this.guard.charge('settings')
    if ((frame.flags & FLAG.ack) !== 0) return
    const before = this.peer.initialWindowBytes
    this.peer.apply(frame.payload)
    this.output.setPeerTableBytes(this.peer.tableBytes)
    const change = this.peer.initialWindowBytes - before
    if (change !== 0) {
      for (const stream of this.streams.values()) {
        stream.sendWindow += change
        if (stream.sendWindow > MAX_31_BIT)
          throw new ConnectionFault(ERROR_CODE.flowControlError, 'SETTINGS that make a window too large')
        if (change > 0 && stream.outgoing?.isWaiting === true) this.schedule(stream)
      }
    }
    this.output.frames.settingsAck()
    this.output.scheduleFlush()
    this.onStreamsChanged()
  }

  #onPing(frame: Frame): void {
    this.guard.charge('pings')
    if ((frame.flags & FLAG.ack) !== 0) {
      this.onPingAck(frame.payload)
      return
    }
    this.output.frames.ping(frame.payload, true)
    this.output.scheduleFlush()
  }

  #onWindowUpdate(frame: Frame): void {
    this.guard.charge('windowUpdates')
    const increment = frame.payload.readUInt32BE(0) & MAX_31_BIT
    if (frame.streamId === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of nothing')
      this.output.sendWindow += increment
      if (this.sendWindow > MAX_31_BIT)
        throw new ConnectionFault(ERROR_CODE.flowControlError, 'window of the connection that is too large')
      this.output.scheduleFlush()
      return
    }
    const stream = this.streams.get(frame.streamId)
    if (stream === undefined) {
      // One for a stream that has closed may have been on its way, whoever closed it (RFC 9113 §5.1).
      this.#assertNotIdle(frame.streamId, 'WINDOW_UPDATE')
      return
    }
    if (increment === 0) this.faultStream(stream, ERROR_CODE.protocolError, 'WINDOW_UPDATE of nothing')
    else if (stream.sendWindow + increment > MAX_31_BIT)
      this.faultStream(stream, ERROR_CODE.flowControlError, 'window of a stream that is too large')
    else {
      stream.sendWindow += increment
      if (stream.outgoing?.isWaiting === true) this.schedule(stream)
    }
  }

  #find(id: number, what: string): Http2Stream | undefined {
    const stream = this.streams.get(id)
    if (stream !== undefined) return stream
    this.#assertNotIdle(id, what)
    if (this.recent.isClosedByPeer(id) === true) throw streamClosed(what, id)
    return undefined
  }

  #assertNotIdle(id: number, what: string): void {
    if (id > this.lastStreamId || id % 2 === 0) throw protocolError(`${what} on stream ${id}, which was never opened`)
  }
}

function protocolError(message: string): ConnectionFault {
  return new ConnectionFault(ERROR_CODE.protocolError, message)
}

function streamClosed(what: string, id: number): ConnectionFault {
  return new ConnectionFault(ERROR_CODE.streamClosed, `${what} on stream ${id}, which the peer has closed`)
}
