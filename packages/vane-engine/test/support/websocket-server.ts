import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { until } from './until.ts'

/** A WebSocket server of a test's own; it and its sockets end with its scope. */
export interface WebsocketUpstream extends AsyncDisposable {
  /** 0 on a Unix socket. */
  readonly port: number
  readonly server: WebSocketServer
}

/** How it is reached, and what it does. */
export interface WebsocketUpstreamOptions extends Omit<ServerOptions, 'server' | 'port' | 'noServer'> {
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly unixPath?: string
  /** Of each connection; default: everything is sent back. */
  serve?(socket: WebSocket): void
}

/** Starts such a server. */
export async function startWebsocketUpstream(options: WebsocketUpstreamOptions = {}): Promise<WebsocketUpstream> {
  const { tls, unixPath, serve = echo, ...rest } = options
  const http: Server = tls === undefined ? createServer() : createSecureServer(tls)
  const server = new WebSocketServer({ ...rest, server: http })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  if (unixPath === undefined) http.listen(0, '127.0.0.1')
  else http.listen(unixPath)
  await once(http, 'listening')
  return {
    port: unixPath === undefined ? (http.address() as AddressInfo).port : 0,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function echo(socket: WebSocket): void {
  socket.on('message', (data: RawData, isBinary: boolean) => socket.send(data, { binary: isBinary }))
}

/** A client that is connected, and what it has received. */
export interface WebsocketClient extends Disposable {
  readonly socket: WebSocket
  /** Text messages as text, others as bytes. */
  readonly messages: (string | Buffer)[]
  /** Once it is closed. */
  readonly closedWith: { readonly code: number; readonly reason: string } | undefined
  /** Waits for so many messages in all. */
  received(count: number): Promise<(string | Buffer)[]>
  closed(): Promise<{ readonly code: number; readonly reason: string }>
}

/** Connects, and rejects where it is refused. */
export async function connectWebsocket(
  url: string,
  protocols: string[] = [],
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<WebsocketClient> {
  const socket = new WebSocket(url, protocols, options)
  const messages: (string | Buffer)[] = []
  let closedWith: WebsocketClient['closedWith']
  socket.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()))
  socket.on('close', (code, reason) => (closedWith = { code, reason: reason.toString() }))
  await once(socket, 'open')
  socket.on('error', () => {})
  return {
    socket,
    messages,
    get closedWith() {
      return closedWith
    },
    async received(count) {
      await until(`${count} messages`, () => messages.length >= count, 15_000)
      return messages
    },
    closed: () => until('the close', () => closedWith),
    [Symbol.dispose]: () => socket.terminate(),
  }
}
