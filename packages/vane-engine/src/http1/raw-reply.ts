import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** How long a closing connection may go on sending what nobody reads any more. */
export const LINGER_MS = 2_000

/** Answers on a socket that no response object exists for, and closes it. */
export function writeRawReply(socket: Socket, status: number): void {
  const reason = STATUS_CODES[status] ?? ''
  const body = `${status} ${reason}\n`
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\n` +
      `date: ${new Date().toUTCString()}\r\nconnection: close\r\n\r\n${body}`,
  )
  lingerThenDestroy(socket)
}

/**
 * Destroys a socket whose writing side has ended, once the peer has ended as well or {@link LINGER_MS} have gone by.
 *
 * Closing with unread bytes sends a reset, which may overtake the response before the client has read it (RFC 9112 §9.6).
 */
export function lingerThenDestroy(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
}
