import type { Socket } from 'node:net'
import { startRawUpstream, type TestServer } from './upstream.ts'

/** A request to go on as a WebSocket, with what else it is to have. */
export function askForWebsocket(path = '/chat', lines = ''): string {
  return (
    `GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n` +
    `sec-websocket-key: x\r\nsec-websocket-version: 13\r\n${lines}\r\n`
  )
}

/** An answer that grants it. The key is none: that is between the two ends. */
export const GRANT =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: y\r\nx-up: 1\r\n\r\n'

/** An upstream that answers one head for each connection and keeps what came. */
export interface TunnelUpstream extends TestServer {
  /** Of each connection, everything it carried, as latin1. */
  readonly received: string[]
}

/** Starts such an upstream. It answers the end of a tunnel with `bye` and its own end. */
export async function startTunnelUpstream(answer: string = GRANT): Promise<TunnelUpstream> {
  const received: string[] = []
  const server = await startRawUpstream((socket: Socket) => {
    const index = received.push('') - 1
    let hasAnswered = false
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1')
      if (hasAnswered || !received[index]!.includes('\r\n\r\n')) return
      hasAnswered = true
      socket.write(Buffer.from(answer, 'latin1'))
    })
    socket.on('end', () => socket.end('bye'))
  })
  return { ...server, received, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** A rule that passes WebSockets on to a port of this machine, and a preset that does. */
export function websocketTo(port: number, keys: object = {}): object {
  return { name: 'ws', terminate: { type: 'websocket', upstream: `127.0.0.1:${port}`, ...keys } }
}
