import type { Socket } from 'node:net'
import { type Detection, detectProtocol, UNKNOWN } from './detect-protocol.ts'

/** Bytes of a connection that are looked at before anybody reads them. */
export const MAX_PEEK_BYTES = 8_192

/** The beginning of a connection. */
export interface Peek extends Detection {
  /** At most {@link MAX_PEEK_BYTES}, or what one packet brought beyond. */
  readonly bytes: Buffer
  /** `ended`: the client has finished its side. `timeout`: it said too little in the time it has. */
  readonly end: 'detected' | 'ended' | 'timeout'
}

/** How a connection is peeked at. */
export interface PeekOptions {
  readonly timeoutMs: number
  /** Whether a ClientHello is read, and so waited for. */
  readonly wantsHello: boolean
}

/**
 * Reads the first bytes of a connection until they tell what it speaks, and leaves the socket paused.
 *
 * Unless the client has ended its side, the bytes are back in the socket: whoever reads next gets them first. A socket that
 * closes in the meantime is never heard of again.
 */
export function peekConnection(socket: Socket, options: PeekOptions, done: (peek: Peek) => void): void {
  const { timeoutMs, wantsHello } = options
  let bytes: Buffer = Buffer.alloc(0)
  let needed = 1
  const finish = (end: Peek['end'], detection: Detection): void => {
    clearTimeout(timer)
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.off('close', onClose)
    socket.pause()
    if (end !== 'ended' && bytes.length > 0) socket.unshift(bytes)
    done({ ...detection, bytes, end })
  }
  const last = (): Detection => {
    const found = detectProtocol(bytes, { wantsHello, isAll: true })
    return typeof found === 'number' ? UNKNOWN : found
  }
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    if (bytes.length >= MAX_PEEK_BYTES) {
      finish('detected', last())
      return
    }
    // A client that sends byte by byte is not to have each of them looked at with all before it.
    if (bytes.length < needed) return
    const found = detectProtocol(bytes, { wantsHello, isAll: false })
    if (typeof found === 'number') needed = found
    else finish('detected', found)
  }
  const onEnd = (): void => finish('ended', last())
  const onClose = (): void => clearTimeout(timer)
  const timer = setTimeout(() => finish('timeout', last()), timeoutMs)
  socket.on('data', onData)
  socket.once('end', onEnd)
  socket.once('close', onClose)
}
