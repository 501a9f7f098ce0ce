import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Drops a connection without a word: by a reset over TCP. A Unix socket has none, and there closing it must do; so it must by
 * TLS, where an end without a `close_notify` cannot pass for an orderly one.
 */
export function resetSocket(socket: Socket): void {
  // `resetAndDestroy` throws on anything but a connected TCP socket, and only such a one has a remote address of its own.
  if (socket instanceof TLSSocket || socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
