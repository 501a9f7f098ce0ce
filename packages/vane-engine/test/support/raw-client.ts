import { connect, type Socket } from 'node:net'
import { until } from './until.ts'

/** A client that speaks bytes. */
export interface RawClient extends Disposable {
  readonly socket: Socket
  /** Everything received so far, as latin1. */
  readonly text: string
  /** `end`: the peer finished. `reset`: it broke off. */
  readonly closedBy: 'end' | 'reset' | undefined
  /** Whether a reset arrived, be it after the end. */
  readonly wasReset: boolean
  send(text: string): void
  /** Waits until the received text contains `part`. */
  received(part: string): Promise<string>
  /** Waits until the connection has closed; answers all text. */
  closed(): Promise<string>
}

/** Connects to a port of this machine. */
export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let text = ''
  let closedBy: RawClient['closedBy']
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('end', () => (closedBy ??= 'end'))
  let wasReset = false
  socket.on('error', () => {
    closedBy ??= 'reset'
    wasReset = true
  })
  // A peer that resets at once may do so before the connection counts as made.
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve)
    socket.once('close', () => resolve())
  })
  const client = {
    socket,
    get text() {
      return text
    },
    get closedBy() {
      return closedBy
    },
    get wasReset() {
      return wasReset
    },
    send: (bytes: string) => void socket.write(Buffer.from(bytes, 'latin1')),
    received: async (part: string) => {
      await until(`${JSON.stringify(part)} in ${JSON.stringify(text.slice(0, 300))}`, () => text.includes(part))
      return text
    },
    closed: async () => {
      await until(`end of connection after ${JSON.stringify(text.slice(0, 300))}`, () => closedBy, 8_000)
      return text
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
  return client
}

/** Sends a request on a connection of its own and answers everything that came until it closed. */
export async function exchangeRaw(port: number, request: string): Promise<string> {
  using client = await connectRaw(port)
  client.send(request)
  return await client.closed()
}
