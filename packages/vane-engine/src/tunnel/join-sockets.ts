import type { Socket } from 'node:net'
import { resetSocket } from '../listen/reset-socket.ts'

/** Two ends that are to be one connection. */
export interface JoinedSockets {
  readonly client: Socket
  readonly upstream: Socket
  /** How long neither may send anything; `undefined`: as long as they like. */
  readonly idleTimeoutMs: number | undefined
}

/**
 * Carries bytes between two sockets until both sides have ended, at the pace of the slower one, and looks at none of them: an
 * end is passed on, and so is a reset. Takes both over, but for their errors.
 */
export function joinSockets({ client, upstream, idleTimeoutMs }: JoinedSockets): void {
  client.pipe(upstream)
  upstream.pipe(client)
  // What has ended before will not say so again.
  if (client.readableEnded) upstream.end()
  if (upstream.readableEnded) client.end()
  if (idleTimeoutMs !== undefined) endWhenIdle(client, upstream, idleTimeoutMs)
  upstream.once('close', () => {
    // Both sides have ended by themselves, unless the client is still taking what came last.
    if (!client.writableEnded) client.destroy()
  })
  client.once('close', () => {
    if (client.readableEnded && client.writableFinished) upstream.destroySoon()
    else resetSocket(upstream)
  })
}

function endWhenIdle(client: Socket, upstream: Socket, idleTimeoutMs: number): void {
  const timer = setTimeout(() => {
    client.destroy()
    upstream.destroy()
  }, idleTimeoutMs)
  const refresh = (): void => void timer.refresh()
  for (const socket of [client, upstream]) {
    socket.on('data', refresh)
    socket.once('close', () => clearTimeout(timer))
  }
}
