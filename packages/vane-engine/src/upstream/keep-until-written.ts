import type { Socket } from 'node:net'
import type { BodyHold } from '../floor/body-memory.ts'

/** Keeps a body counted for as long as the socket, which is full of it, has not sent it: the answer may come before. */
export function keepUntilWritten(hold: BodyHold, socket: Socket): void {
  // It would not tell of its end a second time.
  if (socket.closed) return
  const letGo = (): void => {
    socket.off('drain', letGo)
    socket.off('close', letGo)
    hold.letGo()
  }
  hold.keep()
  socket.on('drain', letGo)
  socket.on('close', letGo)
}
