import type { Socket } from 'node:net'

/** Drops a connection without a word: by a reset over TCP; a Unix socket has none, and there closing it must do. */
export function resetSocket(socket: Socket): void {
  // Only TCP sockets have a remote address; `resetAndDestroy` throws on all others, and on one that is not connected any more.
  if (socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
