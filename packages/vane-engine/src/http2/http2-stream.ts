import type { HeaderList } from 'vane-core'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import type { IncomingContent } from './incoming-content.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { ContentOutlet, OutgoingContent } from './outgoing-content.ts'

/** Who a stream belongs to. After `onReset`, `onFault` and `onLost` nothing more is called. */
export interface StreamOwner {
  /** HEADERS have come for a stream that was open already. */
  onHeaders(block: FieldBlock, endStream: boolean): void
  /** The peer has sent all of its message. */
  onRemoteEnd(): void
  /** The peer has reset the stream. */
  onReset(code: number): void
  /** The stream was reset because the peer broke the protocol on it. */
  onFault(message: string, code: number): void
  /** The connection has ended under the stream. */
  onLost(error: Error): void
}

/** What a stream asks of its connection. */
export interface StreamConnection {
  readonly options: { readonly streamWindowBytes: number }
  readonly peer: { readonly initialWindowBytes: number; readonly maxFrameBytes: number }
  readonly sendWindow: number
  readonly isCongested: boolean
  schedule(stream: Http2Stream): void
  sendData(stream: Http2Stream, chunk: Uint8Array, endStream: boolean): void
  sendTrailers(stream: Http2Stream, trailers: HeaderList): void
}

/** One stream of a connection: its windows, and how far either side has come. */
export class Http2Stream implements ContentOutlet {
  readonly id: number
  owner: StreamOwner
  /** Where DATA goes; DATA without it breaks the protocol. */
  incoming: IncomingContent | undefined
  outgoing: OutgoingContent | undefined
  /** Bytes that the peer takes on this stream; negative after it has lowered its initial window. */
  sendWindow: number
  /** What the peer may send. */
  readonly window: ReceiveWindow
  isLocalEnded = false
  isRemoteEnded = false
  isClosed = false
  /** What comes in is dropped: the peer is not encouraged to go on. */
  isMuted = false
  /** Of `StreamTable` alone. */
  nextInTable: Http2Stream | undefined
  /** Of `ConnectionOutput` alone: whether it stands in the line of those that send. */
  isInLine = false
  readonly #connection: StreamConnection

  constructor(id: number, connection: StreamConnection, owner: StreamOwner) {
    this.id = id
    this.owner = owner
    this.sendWindow = connection.peer.initialWindowBytes
    this.window = new ReceiveWindow(connection.options.streamWindowBytes)
    this.#connection = connection
  }

  get sendableBytes(): number {
    return Math.min(this.sendWindow, this.#connection.sendWindow)
  }

  get maxFrameBytes(): number {
    return this.#connection.peer.maxFrameBytes
  }

  get isCongested(): boolean {
    return this.#connection.isCongested
  }

  schedule(): void {
    if (!this.isClosed) this.#connection.schedule(this)
  }

  sendData(chunk: Uint8Array, endStream: boolean): void {
    this.#connection.sendData(this, chunk, endStream)
  }

  sendTrailers(trailers: HeaderList): void {
    this.#connection.sendTrailers(this, trailers)
  }
}
