import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { resetSocket } from '../listen/reset-socket.ts'

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

/** How long a client may take nothing of what a closing connection still has for it, where nobody says otherwise. */
const LAST_STALL_MS = 60_000

/**
 * Destroys a socket whose writing side has been ended: once all is written, and the peer has ended as well or
 * {@link LINGER_MS} have gone by.
 *
 * Closing with unread bytes sends a reset, which may overtake the response before the client has read it (RFC 9112 §9.6).
 * Closing with unwritten ones would leave a response out whose end only the connection's marks; who takes nothing is reset.
 */
export function lingerThenDestroy(socket: Socket, stallMs: number = LAST_STALL_MS): void {
  let timer = setTimeout(() => resetSocket(socket), stallMs)
  const onWritten = (): void => {
    clearTimeout(timer)
    if (socket.readableEnded) socket.destroy()
    else timer = setTimeout(() => socket.destroy(), LINGER_MS)
  }
  if (socket.writableFinished) onWritten()
  else socket.once('finish', onWritten)
  socket.once('end', () => {
    if (socket.writableFinished) socket.destroy()
  })
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
}
