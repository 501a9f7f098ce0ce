import type { Socket } from 'node:net'

/** What happens to a socket; errors come as its close. */
export interface SocketListener {
  onData(bytes: Buffer): void
  onEnd(): void
  onDrain(): void
  onClose(): void
}

/** Begins to read a socket for somebody. @returns what ends it, and leaves the socket as it is. */
export function listenToSocket(socket: Socket, listener: SocketListener): () => void {
  const handlers = {
    data: (bytes: Buffer): void => listener.onData(bytes),
    end: (): void => listener.onEnd(),
    drain: (): void => listener.onDrain(),
    close: (): void => listener.onClose(),
  }
  for (const [event, handler] of Object.entries(handlers)) socket.on(event, handler)
  return () => {
    for (const [event, handler] of Object.entries(handlers)) socket.off(event, handler)
  }
}
