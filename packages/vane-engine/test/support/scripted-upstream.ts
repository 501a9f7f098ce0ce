import type { Socket } from 'node:net'
import { PLAIN_ANSWER } from './recording-upstream.ts'
import { startRawUpstream, type TestServer } from './upstream.ts'

/** What an upstream does about one request. */
export interface Script {
  /** Bytes as latin1. */
  readonly send: string
  /** How the connection ends behind them; absent: it stays open. */
  readonly by?: 'end' | 'reset'
}

/** An upstream that answers its first request as a script says, and every other one soundly. */
export interface ScriptedUpstream extends TestServer {
  /** Heads of requests by connection. */
  readonly heads: string[][]
  /** Whether the proxy has closed a connection, by index. */
  isClosed(index: number): boolean
}

/**
 * Starts such an upstream. A request counts as come when its head has.
 *
 * @param script for the first request; more of them for those that follow.
 */
export async function startScriptedUpstream(...script: Script[]): Promise<ScriptedUpstream> {
  const heads: string[][] = []
  const closed = new Set<number>()
  let count = 0
  const server = await startRawUpstream((socket) => {
    const index = heads.push([]) - 1
    let text = ''
    for (const event of ['end', 'close', 'error']) socket.on(event, () => closed.add(index))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end; (end = text.indexOf('\r\n\r\n')) !== -1; text = text.slice(end + 4)) {
        heads[index]!.push(text.slice(0, end))
        play(socket, script[count++] ?? { send: PLAIN_ANSWER })
      }
    })
  })
  return {
    ...server,
    heads,
    isClosed: (index) => closed.has(index),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function play(socket: Socket, { send, by }: Script): void {
  socket.write(Buffer.from(send, 'latin1'), () => {
    if (by === 'reset') socket.resetAndDestroy()
  })
  if (by === 'end') socket.end()
}
