import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HpackDecoder } from '../../src/http2/hpack/hpack-decoder.ts'
import { until } from './until.ts'

/** One frame that was received. */
export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
  /** Decoded, where the frame holds a field block (tests' peers never split one). */
  readonly fields: Readonly<Record<string, string>>
}

/** Frame types by name, for people who read tests. */
export const T = {
  data: 0,
  headers: 1,
  priority: 2,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const

/** Flags by name. */
export const F = { end: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

/** What a client's connection begins with. */
export const CLIENT_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** A frame's bytes, with whatever length and content. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : Buffer.from(payload)
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, bytes])
}

/** A 32-bit number as a payload. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => bytes.writeUInt32BE(value >>> 0, at * 4))
  return bytes
}

/** SETTINGS as a payload. */
export function settings(...pairs: (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 6)
  pairs.forEach(([id, value], at) => {
    bytes.writeUInt16BE(id, at * 6)
    bytes.writeUInt32BE(value, at * 6 + 2)
  })
  return bytes
}

/** Fields as HPACK literals that are not indexed: whatever bytes they have. */
export function hpack(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of fields) parts.push(Buffer.from([0]), hpackText(name), hpackText(value))
  return Buffer.concat(parts)
}

/** A text as HPACK has it, without Huffman code. */
export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([hpackInteger(0, 7, bytes.length), bytes])
}

/** An integer with a prefix (RFC 7541 §5.1). */
export function hpackInteger(pattern: number, bits: number, value: number): Buffer {
  const mask = 2 ** bits - 1
  if (value < mask) return Buffer.from([pattern | value])
  const bytes = [pattern | mask]
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

/** Fields of a request, with some of them replaced, added or (by `undefined`) left out. */
export function requestFields(changes: Readonly<Record<string, string | undefined>> = {}): [string, string][] {
  const fields: Record<string, string | undefined> = {
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': 'a.test',
    ':path': '/',
    ...changes,
  }
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

/** One end of an HTTP/2 connection that sends whatever it is told to. */
export class FramePeer implements Disposable {
  readonly socket: Duplex
  readonly frames: ReceivedFrame[] = []
  isClosed = false
  #bytes = Buffer.alloc(0)
  #readPreface: number
  readonly #decoder = new HpackDecoder(1_048_576)

  constructor(socket: Duplex, isServer = false) {
    this.socket = socket
    this.#readPreface = isServer ? CLIENT_PREFACE.length : 0
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', () => {})
    socket.on('end', () => (this.isClosed = true))
    socket.on('close', () => (this.isClosed = true))
  }

  #onData(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#bytes, chunk])
    if (this.#readPreface > 0) {
      if (bytes.length < this.#readPreface) {
        this.#bytes = bytes
        return
      }
      bytes = bytes.subarray(this.#readPreface)
      this.#readPreface = 0
    }
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3)
      this.#onFrame(bytes.subarray(0, end))
      bytes = bytes.subarray(end)
    }
    this.#bytes = bytes
  }

  #onFrame(bytes: Buffer): void {
    const payload = bytes.subarray(9)
    const type = bytes[3]!
    const fields: Record<string, string> = {}
    if (type === T.headers) {
      const { pairs } = this.#decoder.decode(payload)
      for (let at = 0; at < pairs.length; at += 2) fields[pairs[at]!] = pairs[at + 1]!
    }
    this.frames.push({ type, flags: bytes[4]!, streamId: bytes.readUInt32BE(5), payload, fields })
  }

  send(...frames: (Uint8Array | string)[]): void {
    if (this.socket.destroyed) return
    this.socket.write(
      Buffer.concat(frames.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    )
  }

  /** Sends HEADERS that are whole, with the fields of a request. */
  request(streamId: number, changes: Readonly<Record<string, string | undefined>> = {}, flags: number = F.end): void {
    this.send(frame(T.headers, flags | F.endHeaders, streamId, hpack(requestFields(changes))))
  }

  /** Frames of one type and stream. */
  of(type: number, streamId: number): ReceivedFrame[] {
    return this.frames.filter((received) => received.type === type && received.streamId === streamId)
  }

  /** Waits for the first frame of one type and stream. */
  async received(type: number, streamId = 0): Promise<ReceivedFrame> {
    return await until(
      `frame of type ${type} on stream ${streamId}; came: ${this.summary()}`,
      () => this.of(type, streamId)[0],
    )
  }

  /** The body of a stream, once it has ended. */
  async body(streamId: number): Promise<string> {
    await until(`end of stream ${streamId}; came: ${this.summary()}`, () =>
      this.frames.some(({ streamId: id, type, flags }) => id === streamId && type <= 1 && (flags & F.end) !== 0),
    )
    return Buffer.concat(this.of(T.data, streamId).map(({ payload }) => payload)).toString('latin1')
  }

  /** Code of the stream's RST_STREAM, once it has come. */
  async reset(streamId: number): Promise<number> {
    return (await this.received(T.rst, streamId)).payload.readUInt32BE(0)
  }

  /** Code of GOAWAY, once the connection has ended. */
  async goaway(): Promise<number> {
    await until(`end of the connection; came: ${this.summary()}`, () => this.isClosed)
    const last = this.of(T.goaway, 0).at(-1)
    if (last === undefined) throw new Error('connection ended without GOAWAY')
    return last.payload.readUInt32BE(4)
  }

  /** Waits until the peer has read everything that was sent so far. */
  async settled(): Promise<void> {
    const mark = Buffer.alloc(8)
    mark.writeUInt32BE(++this.#pings, 4)
    this.send(frame(T.ping, 0, 0, mark))
    await until(`answer to PING; came: ${this.summary()}`, () =>
      this.frames.some(({ type, flags, payload }) => type === T.ping && (flags & F.ack) !== 0 && payload.equals(mark)),
    )
  }
  #pings = 0

  summary(): string {
    return this.frames
      .map(({ type, streamId, payload }) => `${type}/${streamId}/${payload.toString('hex', 0, 16)}`)
      .join(' ')
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Connects a client that has sent its preface and SETTINGS. */
export async function connectFrames(port: number, initial: Uint8Array = frame(T.settings, 0, 0)): Promise<FramePeer> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  const peer = new FramePeer(socket)
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve)
    socket.once('close', () => resolve())
  })
  peer.send(CLIENT_PREFACE, initial, frame(T.settings, F.ack, 0))
  return peer
}
