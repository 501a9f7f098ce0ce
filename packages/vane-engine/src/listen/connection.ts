import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type ForwardedTo, parseIp } from 'vane-core'
import type { Peek } from '../peek/peek-connection.ts'
import type { ConnectionTls } from '../tls/connection-tls.ts'

/** Facts of one accepted connection. What costs something is found out when first asked for. */
export class Connection {
  /** Listener key: the graph's entry for this connection. */
  readonly entryKey: string
  /** Without zone; absent on a Unix socket. */
  readonly peerIp: string | undefined
  readonly peerPort: number | undefined
  /** Without zone; absent on a Unix socket. */
  readonly localIp: string | undefined
  readonly localPort: number | undefined
  readonly transport: 'tcp' | 'udp' = 'tcp'
  readonly acceptUnixMs: number = Date.now()
  /** Requests that have come in by it. */
  requests = 0
  /** Its first bytes, where they were looked at. */
  peek: Peek | undefined = undefined
  /** Set once its bytes are carried to an upstream; absent on those that become requests. */
  forwarded: ForwardedTo | undefined = undefined
  /** Set once a handshake is done; absent on connections in clear. */
  tls: ConnectionTls | undefined = undefined
  #id: string | undefined
  #peekText: string | undefined
  #peerIpBytes: Uint8Array | undefined
  #localIpBytes: Uint8Array | undefined

  /** Reads the addresses at once: after the peer has gone the system no longer tells them. */
  constructor(socket: Socket, entryKey: string) {
    this.entryKey = entryKey
    this.peerIp = withoutZone(socket.remoteAddress)
    this.peerPort = socket.remotePort
    this.localIp = withoutZone(socket.localAddress)
    this.localPort = this.localIp === undefined ? undefined : socket.localPort
  }

  /** 16 hex digits, unguessable. */
  get id(): string {
    return (this.#id ??= randomBytes(8).toString('hex'))
  }

  /** Scheme of what is asked for on it. */
  get scheme(): 'http' | 'https' {
    return this.tls === undefined ? 'http' : 'https'
  }

  /** Name that the client asks for in TLS, whether or not it is spoken here: lower case. */
  get sni(): string | undefined {
    return this.tls?.sni ?? this.peek?.hello?.sni
  }

  /** The first bytes, one character for each; absent where nobody has looked. */
  get peekText(): string | undefined {
    if (this.#peekText === undefined && this.peek !== undefined) this.#peekText = this.peek.bytes.toString('latin1')
    return this.#peekText
  }

  /** The peer's address as 4 or 16 bytes. */
  get peerIpBytes(): Uint8Array | undefined {
    if (this.#peerIpBytes === undefined && this.peerIp !== undefined) this.#peerIpBytes = parseIp(this.peerIp)
    return this.#peerIpBytes
  }

  /** Our own address on the connection as 4 or 16 bytes. */
  get localIpBytes(): Uint8Array | undefined {
    if (this.#localIpBytes === undefined && this.localIp !== undefined) this.#localIpBytes = parseIp(this.localIp)
    return this.#localIpBytes
  }
}

function withoutZone(ip: string | undefined): string | undefined {
  // A Unix socket's ends have no address, or an empty one.
  if (ip === undefined || ip === '') return undefined
  const zone = ip.indexOf('%')
  return zone === -1 ? ip : ip.slice(0, zone)
}
