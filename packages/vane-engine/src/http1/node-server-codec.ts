import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { EngineLimits } from '../engine-options.ts'
import { ClientFault, type ClientFaultStatus } from './client-fault.ts'
import { NodeExchange } from './node-exchange.ts'
import { writeRawReply } from './raw-reply.ts'
import { parseRequestHead } from './request-head.ts'
import type { HttpServerCodec, HttpSession } from './server-codec.ts'

/** The limits a codec keeps. */
export type ServerCodecLimits = Pick<
  EngineLimits,
  | 'maxHeaderBytes'
  | 'maxHeadersCount'
  | 'headerTimeoutMs'
  | 'bodyIdleTimeoutMs'
  | 'keepAliveTimeoutMs'
  | 'writeStallTimeoutMs'
>

/** Requests of one connection that may wait for the ones before them. */
const MAX_PIPELINED = 64

/** First byte of a TLS record that carries a ClientHello (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16

/** What the codec keeps of one connection. */
interface ServedConnection {
  readonly session: HttpSession
  /** Exchanges whose response is not out yet: more than one where a client pipelines. */
  readonly open: Set<NodeExchange>
  /** Requests that were pipelined behind the one that is being answered, each to be begun when its turn comes. */
  readonly waiting: (() => void)[]
  /** The connection was answered outside of any exchange and is closing, or has had its last request. */
  refused: boolean
}

/** HTTP/1.x on Node's `http` server, which parses but never listens: listeners hand their sockets to it. */
export function createNodeServerCodec(limits: ServerCodecLimits): HttpServerCodec {
  const connections = new Map<Socket, ServedConnection>()
  const server = createServer({
    insecureHTTPParser: false,
    // `parseRequestHead` checks Host itself, so that the refusal is counted like any other.
    requireHostHeader: false,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerTimeoutMs,
    // Bodies may take as long as they keep moving: the idle clock in `IncomingBody` is theirs.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, Math.max(10, limits.headerTimeoutMs >> 2)),
  })
  // Node would drop the fields over its count silently; `parseRequestHead` refuses instead.
  server.maxHeadersCount = 0
  // A client that has ended its side still gets its response.
  Object.assign(server, { httpAllowHalfOpen: true })

  const accept = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
    const served = connections.get(req.socket)
    if (served === undefined || served.refused) {
      // What a client pipelined behind a request that was refused is not looked at.
      req.on('error', () => {})
      req.resume()
      return
    }
    if (served.open.size > 0 || served.waiting.length > 0) {
      // One at a time: a client that sends thousands in one packet must not have thousands of walks.
      queue(served, req.socket, () => begin(served, req, res, expectsContinue))
      return
    }
    begin(served, req, res, expectsContinue)
  }

  const queue = (served: ServedConnection, socket: Socket, request: () => void): void => {
    served.waiting.push(request)
    socket.pause()
    if (served.waiting.length <= MAX_PIPELINED) return
    served.refused = true
    served.session.onRefused(400, `more than ${MAX_PIPELINED} pipelined requests`)
    socket.destroy()
  }

  const begin = (
    served: ServedConnection,
    req: IncomingMessage,
    res: ServerResponse,
    expectsContinue: boolean,
  ): void => {
    if (served.refused) return
    const { session, open } = served
    try {
      // Copied: Node reads its own list again later.
      const rawHeaders = req.rawHeaders.slice()
      const head = parseRequestHead(
        { method: req.method ?? '', target: req.url ?? '', httpVersion: req.httpVersion, rawHeaders },
        limits.maxHeadersCount,
        session.scheme,
      )
      // Node's parser stops at a request that asks for an upgrade, and drops what it has read behind it: were the connection
      // to go on, the rest of a dropped request would be taken for one of its own.
      if (head.asksUpgrade) served.refused = true
      const exchange = new NodeExchange(req, res, { head, session, expectsContinue, ...limits })
      open.add(exchange)
      res.once('finish', () => {
        open.delete(exchange)
        const next = served.waiting.shift()
        if (served.waiting.length === 0) req.socket.resume()
        if (next !== undefined) {
          next()
          return
        }
        // The head promised to go on, and the listener began to drain after it was out.
        if (session.isClosing() && !exchange.isLast && open.size === 0) server.closeIdleConnections()
      })
      session.onExchange(exchange)
    } catch (error) {
      const status = error instanceof ClientFault ? error.status : 500
      served.refused = true
      refuse(req, res, status)
      session.onRefused(status, error instanceof Error ? error.message : 'unknown')
    }
  }

  server.on('request', (req, res) => accept(req, res, false))
  server.on('checkContinue', (req, res) => accept(req, res, true))
  server.on('checkExpectation', (req, res) => {
    const served = connections.get(req.socket)
    if (served === undefined || served.refused) return
    served.refused = true
    refuse(req, res, 417)
    served.session.onRefused(417, 'unknown expectation')
  })
  server.on('connect', (req: IncomingMessage, socket: Socket) => {
    const served = connections.get(socket)
    if (served === undefined || served.refused) return
    served.refused = true
    writeRawReply(socket, 405)
    served.session.onRefused(405, `method ${req.method} is refused`)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const served = connections.get(socket)
    if (served === undefined || served.refused) return
    served.refused = true
    const status = toRefusalStatus(error)
    if (status === undefined || !socket.writable || isAnswering(served)) {
      socket.destroy()
      return
    }
    writeRawReply(socket, status)
    const fault = new ClientFault(status, `malformed bytes after a request head: ${error.code ?? error.message}`)
    if (served.open.size === 0) served.session.onRefused(status, error.code ?? error.message)
    for (const exchange of served.open) exchange.connectionRefused(fault)
  })
  // Starts the clock behind `headersTimeout`, which a server that never listens would not have.
  server.emit('listening')

  return {
    serve(socket, session) {
      const served: ServedConnection = { session, open: new Set(), waiting: [], refused: false }
      connections.set(socket, served)
      socket.on('close', () => {
        connections.delete(socket)
        for (const exchange of served.open) exchange.connectionClosed()
        served.open.clear()
        served.waiting.length = 0
      })
      server.emit('connection', socket)
    },
    closeIdle() {
      server.closeIdleConnections()
      // Node does not count a connection as idle that has not sent its first request.
      for (const [socket, served] of connections) {
        if (served.open.size === 0 && socket.bytesRead === 0) socket.destroy()
      }
    },
    close() {
      server.close(() => {})
    },
  }
}

/** Answers a request that never became an exchange. */
function refuse(req: IncomingMessage, res: ServerResponse, status: number): void {
  req.on('error', () => {})
  res.on('error', () => {})
  const { socket } = req
  if (res.socket === null) {
    // Earlier pipelined requests are still being answered; this answer follows them.
    res.once('socket', () => writeRawReply(socket, status))
    return
  }
  writeRawReply(socket, status)
  req.resume()
}

function isAnswering(served: ServedConnection): boolean {
  for (const exchange of served.open) if (exchange.status !== undefined) return true
  return false
}

const BARE_LF_LINE = /^[^\r\n]* HTTP\/\d\.\d\n/
const MAX_LINE_LOOK_BYTES = 8192

/** @returns `undefined` where nobody is there to be answered. */
function toRefusalStatus(
  error: NodeJS.ErrnoException & { readonly rawPacket?: Uint8Array },
): ClientFaultStatus | undefined {
  // A TLS handshake on a port without certificates: its client could not read an answer in clear.
  if (error.rawPacket?.[0] === TLS_HANDSHAKE) return undefined
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ETIMEDOUT':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return 431
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    case 'HPE_INVALID_VERSION':
      // A line that ends in a bare LF is malformed, whatever its version; the parser stops at the version all the same.
      return BARE_LF_LINE.test(Buffer.from(error.rawPacket ?? []).toString('latin1', 0, MAX_LINE_LOOK_BYTES))
        ? 400
        : 505
    default:
      return 400
  }
}
