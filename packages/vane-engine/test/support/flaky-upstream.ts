import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { PLAIN_ANSWER } from './recording-upstream.ts'
import { startRawUpstream, type TestServer } from './upstream.ts'

/** What becomes of one connection. `serve` answers every request whose bytes have ended in `ends`. */
export type Fate =
  | 'serve'
  /** Reset before anything is read. */
  | 'reset'
  /** Nothing is answered. */
  | 'hang'
  /** When the head of a request is there, a reset, or the end without a reset. */
  | 'reset-after-head'
  | 'end-after-head'
  /** When the head of a request is there, these bytes (latin1), and then the end. */
  | { readonly send: string }

/** An upstream whose connections end as a test says. */
export interface FlakyUpstream extends TestServer {
  /** Of each connection, everything that came, as latin1. */
  readonly received: string[]
}

/**
 * Starts such an upstream.
 *
 * @param fates by connection; those that follow are served.
 * @param ends what the last bytes of a request are.
 */
export async function startFlakyUpstream(fates: readonly Fate[], ends = '\r\n\r\n'): Promise<FlakyUpstream> {
  const received: string[] = []
  const server = await startRawUpstream(toHandler(fates, received, ends))
  return Object.assign(server, { received })
}

/** The same behind a Unix socket, which is there from now on. */
export async function startFlakyUnix(
  path: string,
  fates: readonly Fate[] = [],
): Promise<AsyncDisposable & { readonly received: string[] }> {
  const received: string[] = []
  const sockets: Socket[] = []
  const handle = toHandler(fates, received, '\r\n\r\n')
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    received,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function toHandler(fates: readonly Fate[], received: string[], ends: string): (socket: Socket) => void {
  return (socket) => {
    const index = received.push('') - 1
    const fate = fates[index] ?? 'serve'
    if (fate === 'hang') {
      socket.on('end', () => socket.end()).resume()
      return
    }
    // A Unix socket knows no reset.
    const reset = (): unknown => (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy())
    if (fate === 'reset') {
      reset()
      return
    }
    let hasEnded = false
    socket.on('end', () => socket.end())
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1')
      if (hasEnded) return
      if (fate === 'serve') {
        if (received[index]!.endsWith(ends)) socket.write(PLAIN_ANSWER)
        return
      }
      if (!received[index]!.includes('\r\n\r\n')) return
      hasEnded = true
      if (fate === 'reset-after-head') reset()
      else socket.end(Buffer.from(fate === 'end-after-head' ? '' : fate.send, 'latin1'))
    })
  }
}
