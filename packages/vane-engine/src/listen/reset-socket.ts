import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Drops a connection without a word: by a reset over TCP. A Unix socket has none, and there closing it must do; so it must by
 * TLS, where an end without a `close_notify` cannot pass for an orderly one.
 */
export function resetSocket(socket: Socket): void {
  // `resetAndDestroy` throws on anything but a connected TCP socket, and only such a one has a remote address of its own.
  if (socket instanceof TLSSocket || socket.remoteAddress === undefined) socket.destroy()
  // While its end is being sent the system refuses to reset it, and Node then neither closes it nor says so.
  else if (isEnding(socket)) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}

/** Whether all is written but for the end, which goes out in the next turn of the event loop. */
function isEnding({ destroyed, writableEnded, writableFinished, writableLength }: Socket): boolean {
  return !destroyed && writableEnded && !writableFinished && writableLength === 0
}
