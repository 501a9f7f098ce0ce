import type { Socket } from 'node:net'
import { FLAG, FRAME, FRAME_HEADER_BYTES } from './frame-type.ts'

/** Bounds of the buffer that frame headers and short payloads are put together in: what the connection writes at a time. */
const MIN_BUFFER_BYTES = 512
const MAX_BUFFER_BYTES = 16_384
/** Payloads from this size on are handed over as they are: to copy a shorter one costs less than a second piece in the write. */
const MIN_OWN_BYTES = 4096
/** Pieces of buffers above this size are copied: one that waits in the socket would keep all of the body that it is cut from. */
const MAX_PINNED_BYTES = 262_144
const EMPTY = Buffer.alloc(0)

/** Writes frames, and hands them to the socket in one piece at each `flush`. Between two of them it holds no memory. */
export class FrameWriter {
  /** Bytes that wait for `flush`. */
  pendingBytes = 0
  readonly #socket: Socket
  readonly #parts: Uint8Array[] = []
  #buffer: Buffer = EMPTY
  /** Where the part of the buffer begins that is not among the parts yet, and where it ends. */
  #from = 0
  #to = 0
  /** Size of the next buffer: follows what was written lately. */
  #bufferBytes = MIN_BUFFER_BYTES
  #copiedBytes = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes of no frame, such as the preface. */
  raw(bytes: Uint8Array): void {
    this.#put(bytes)
  }

  /** HEADERS, with CONTINUATION where the block does not fit into one frame of the peer's size. */
  headers(streamId: number, block: Uint8Array, options: { endStream: boolean; maxFrameBytes: number }): void {
    const { endStream, maxFrameBytes } = options
    let type: number = FRAME.headers
    let at = 0
    do {
      const end = Math.min(block.length, at + maxFrameBytes)
      const isLast = end === block.length
      const flags = (isLast ? FLAG.endHeaders : 0) | (endStream && type === FRAME.headers ? FLAG.endStream : 0)
      this.#header(end - at, (type << 8) | flags, streamId)
      // The encoder writes its next block over this one.
      this.#copy(block.subarray(at, end))
      type = FRAME.continuation
      at = end
    } while (at < block.length)
  }

  /** DATA. The chunk must not change any more: it is not copied, unless it is short, or a piece of something large. */
  data(streamId: number, chunk: Uint8Array, endStream: boolean): void {
    this.#header(chunk.length, (FRAME.data << 8) | (endStream ? FLAG.endStream : 0), streamId)
    this.#put(chunk)
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.#header(values.length * 6, FRAME.settings << 8, 0)
    for (const [id, value] of values) {
      this.#reserve(6)
      this.#to = this.#buffer.writeUInt16BE(id, this.#to)
      this.#to = this.#buffer.writeUInt32BE(value, this.#to)
      this.pendingBytes += 6
    }
  }

  settingsAck(): void {
    this.#header(0, (FRAME.settings << 8) | FLAG.ack, 0)
  }

  ping(payload: Uint8Array, isAck: boolean): void {
    this.#header(8, (FRAME.ping << 8) | (isAck ? FLAG.ack : 0), 0)
    this.#copy(payload)
  }

  rstStream(streamId: number, code: number): void {
    this.#header(4, FRAME.rstStream << 8, streamId)
    this.#uint32(code)
  }

  goaway(lastStreamId: number, code: number): void {
    this.#header(8, FRAME.goaway << 8, 0)
    this.#uint32(lastStreamId)
    this.#uint32(code)
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#header(4, FRAME.windowUpdate << 8, streamId)
    this.#uint32(bytes)
  }

  /** Hands everything over. */
  flush(): void {
    this.#seal()
    const parts = this.#parts
    if (parts.length === 0) return
    this.pendingBytes = 0
    this.#release()
    if (!this.#socket.destroyed && this.#socket.writable) {
      if (parts.length === 1) this.#socket.write(parts[0]!)
      else {
        this.#socket.cork()
        for (const part of parts) this.#socket.write(part)
        this.#socket.uncork()
      }
    }
    parts.length = 0
  }

  #release(): void {
    // It is the socket's now.
    this.#buffer = EMPTY
    this.#from = this.#to = 0
    const wanted = this.#copiedBytes
    this.#copiedBytes = 0
    if (wanted > this.#bufferBytes) this.#bufferBytes = Math.min(MAX_BUFFER_BYTES, 2 ** (32 - Math.clz32(wanted - 1)))
    else if (wanted < this.#bufferBytes >> 2) this.#bufferBytes = Math.max(MIN_BUFFER_BYTES, this.#bufferBytes >> 1)
  }

  #header(length: number, typeAndFlags: number, streamId: number): void {
    this.#reserve(FRAME_HEADER_BYTES)
    const bytes = this.#buffer
    let at = this.#to
    bytes[at++] = length >> 16
    bytes[at++] = length >> 8
    bytes[at++] = length
    bytes[at++] = typeAndFlags >> 8
    bytes[at++] = typeAndFlags
    bytes[at++] = streamId >> 24
    bytes[at++] = streamId >> 16
    bytes[at++] = streamId >> 8
    bytes[at++] = streamId
    this.#to = at
    this.pendingBytes += FRAME_HEADER_BYTES
  }

  #uint32(value: number): void {
    this.#reserve(4)
    this.#to = this.#buffer.writeUInt32BE(value, this.#to)
    this.pendingBytes += 4
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length < MIN_OWN_BYTES) {
      this.#copy(bytes)
      return
    }
    this.#seal()
    this.#parts.push(bytes.buffer.byteLength > MAX_PINNED_BYTES ? Uint8Array.from(bytes) : bytes)
    this.pendingBytes += bytes.length
  }

  #copy(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#to)
    this.#to += bytes.length
    this.pendingBytes += bytes.length
  }

  #reserve(bytes: number): void {
    this.#copiedBytes += bytes
    if (this.#to + bytes <= this.#buffer.length) return
    this.#seal()
    this.#buffer = Buffer.allocUnsafe(Math.max(this.#bufferBytes, bytes))
    this.#from = this.#to = 0
  }

  #seal(): void {
    if (this.#from === this.#to) return
    this.#parts.push(this.#buffer.subarray(this.#from, this.#to))
    this.#from = this.#to
  }
}
