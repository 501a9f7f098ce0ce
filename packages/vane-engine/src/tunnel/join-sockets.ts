import type { Socket } from 'node:net'
import { resetSocket } from '../listen/reset-socket.ts'

/** Two ends that are to be one connection. */
export interface JoinedSockets {
  readonly client: Socket
  readonly upstream: Socket
  /** How long neither may send anything; `undefined`: as long as they like. */
  readonly idleTimeoutMs: number | undefined
  /** Hears that the idle limit ends the two. */
  readonly onIdle?: () => void
}

/** How long one side may take for what is left, after the other has closed. */
const LAST_MS = 60_000

/**
 * Carries bytes between two sockets until both sides have ended, at the pace of the slower one, and looks at none of them: an
 * end is passed on, and so is a reset. Takes both over, but for their errors.
 */
export function joinSockets(joined: JoinedSockets): void {
  const { client, upstream, idleTimeoutMs } = joined
  client.pipe(upstream)
  upstream.pipe(client)
  // What has ended before will not say so again.
  if (client.readableEnded) upstream.end()
  if (upstream.readableEnded) client.end()
  if (idleTimeoutMs !== undefined) endWhenIdle(joined, idleTimeoutMs)
  upstream.once('close', () => {
    // Both sides have ended by themselves, unless the client is still taking what came last.
    if (client.writableEnded) outlive(client, upstream)
    else client.destroy()
  })
  client.once('close', () => {
    if (client.readableEnded && client.writableFinished) outlive(upstream, client)
    else resetSocket(upstream)
  })
}

/** One side has closed: what the other still sends is for nobody, but has to be read for its end to be seen. */
function outlive(socket: Socket, closed: Socket): void {
  if (socket.destroyed) return
  socket.unpipe(closed)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LAST_MS)
  socket.once('close', () => clearTimeout(timer))
  if (socket.readableEnded) socket.destroySoon()
  else socket.once('end', () => socket.destroySoon())
}

function endWhenIdle({ client, upstream, onIdle }: JoinedSockets, idleTimeoutMs: number): void {
  const timer = setTimeout(() => {
    onIdle?.()
    client.destroy()
    upstream.destroy()
  }, idleTimeoutMs)
  const refresh = (): void => void timer.refresh()
  let open = 2
  for (const socket of [client, upstream]) {
    socket.on('data', refresh)
    socket.once('close', () => {
      // The limit holds for the side that is left, too; what it sends now does not put it off.
      client.off('data', refresh)
      upstream.off('data', refresh)
      if (--open === 0) clearTimeout(timer)
    })
  }
}
