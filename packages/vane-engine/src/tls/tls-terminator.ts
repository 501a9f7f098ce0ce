import type { Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { normalizeServerName } from '../peek/client-hello.ts'
import { CertificateTable } from './certificate-table.ts'
import { ConnectionTls } from './connection-tls.ts'
import { describeHandshakeFailure } from './describe-handshake-failure.ts'
import type { LoadedCertificate } from './load-certificate.ts'
import type { LoadedTrust } from './load-trust.ts'
import { PeerCertificate } from './peer-certificate.ts'
import { SERVER_PROFILE, SESSION_TIMEOUT_SECS } from './server-profile.ts'
import type { TicketKeys } from './ticket-keys.ts'
import { sha256 } from './tls-files.ts'

/** What a listener asks of its clients. */
export interface ClientCertificates {
  readonly mode: 'request' | 'require'
  readonly trust: LoadedTrust
}

/** One certificate of a listener. */
export interface TerminatorCertificate {
  /** Name, or `*.name`; `undefined`: the default. */
  readonly sni: string | undefined
  readonly certificate: LoadedCertificate
  /** DER, to be stapled. */
  readonly ocsp: Buffer | undefined
}

/** What a terminator is made of. */
export interface TerminatorParts {
  readonly certificates: readonly TerminatorCertificate[]
  /** `undefined`: clients are not asked. */
  readonly clients: ClientCertificates | undefined
  readonly ticketKeys: TicketKeys
  /** Protocols offered, most wanted first. */
  readonly alpn: readonly string[]
}

/** How a handshake went. */
export type HandshakeOutcome =
  | { readonly status: 'done'; readonly socket: TLSSocket; readonly tls: ConnectionTls }
  | { readonly status: 'failed'; readonly reason: string }

/** A handshake under way. */
interface PendingHandshake {
  /** Name that the ClientHello asks for. */
  readonly sni: string | undefined
  readonly done: (outcome: HandshakeOutcome) => void
}

/** A certificate as a listener shows it; its context is made again when ticket keys change. */
interface Shown extends TerminatorCertificate {
  context: SecureContext
  epoch: number
}

/** TLS on one listener of one graph. It listens on nothing: connections are handed to it. */
export class TlsTerminator {
  /** Says how clients are asked for certificates. */
  readonly policy: string
  readonly #parts: TerminatorParts
  readonly #table: CertificateTable<Shown>
  readonly #server: Server
  readonly #pending = new WeakMap<Socket, PendingHandshake>()
  #epoch: number

  /** @throws Error where OpenSSL takes a certificate or key for too weak. */
  constructor(parts: TerminatorParts) {
    this.#parts = parts
    const { clients, ticketKeys } = parts
    this.policy = clients === undefined ? 'none' : `${clients.mode} ${clients.trust.digest}`
    const { epoch, keys } = ticketKeys.current()
    this.#epoch = epoch
    this.#table = new CertificateTable(
      parts.certificates.map((shown) => [
        shown.sni,
        { ...shown, context: this.#createContext(shown.certificate), epoch },
      ]),
    )
    const server = createServer({
      ...this.#contextOptions(this.#table.fallback?.certificate),
      ticketKeys: keys,
      requestCert: clients !== undefined,
      rejectUnauthorized: clients?.mode === 'require',
      ALPNProtocols: [...parts.alpn],
      // Whoever hands connections over has a clock of their own, which bytes that trickle in do not wind up again.
      handshakeTimeout: 2_147_483_647,
      SNICallback: (name, callback) => {
        callback(null, this.#contextFor(normalizeServerName(name)))
      },
    })
    this.#server = server
    server.on('secureConnection', (socket) => this.#onSecure(socket))
    server.on('tlsClientError', (error, socket) => {
      this.#settle(socket, { status: 'failed', reason: describeHandshakeFailure(error, socket) })
    })
    const stapled = new Map(
      parts.certificates.flatMap(({ certificate, ocsp }) =>
        ocsp === undefined ? [] : [[certificate.leaf.raw.toString('latin1'), ocsp] as const],
      ),
    )
    // Unless there is something to staple, nobody is to be asked for it.
    if (stapled.size > 0) {
      server.on('OCSPRequest', (certificate: Buffer, _issuer: Buffer, callback) =>
        callback(null, stapled.get(certificate.toString('latin1')) ?? null),
      )
    }
  }

  /** Whether a client that asks for a name is shown a certificate. */
  shows(sni: string | undefined): boolean {
    return this.#table.select(sni) !== undefined
  }

  /**
   * Takes a connection through the handshake. `done` is called once; after a failure the socket is closing. The time it
   * takes is the caller's to limit: to end it, destroy the socket.
   *
   * @param sni the name in its first bytes, as far as they were understood: lower case.
   */
  handshake(raw: Socket, sni: string | undefined, done: (outcome: HandshakeOutcome) => void): void {
    this.#renewTickets()
    this.#pending.set(raw, { sni, done })
    // A client that has ended its side within the handshake will not finish it. The TLS socket takes this over.
    raw.allowHalfOpen = false
    raw.once('close', () => {
      // In the same turn the TLS socket closes, too, and knows better why.
      setImmediate(() => this.#finish(raw, { status: 'failed', reason: 'closed within the handshake' }))
    })
    this.#server.emit('connection', raw)
  }

  #onSecure(socket: TLSSocket): void {
    const { clients } = this.#parts
    const x509 = clients === undefined ? undefined : socket.getPeerX509Certificate()
    const peerCertificate = x509 === undefined ? undefined : new PeerCertificate(x509)
    // A client need not show one where it is only requested; one that it does show has to be good, and on a session that
    // is resumed nobody has looked at its dates again.
    if (peerCertificate !== undefined && (!socket.authorized || !peerCertificate.isValidAt(Date.now()))) {
      const reason = socket.authorized ? 'out of its time' : String(socket.authorizationError)
      this.#settle(socket, { status: 'failed', reason: `client certificate: ${reason}` })
      socket.destroy()
      return
    }
    // Whoever serves it decides what the end of one side means.
    socket.allowHalfOpen = true
    const name: unknown = socket.servername
    const tls = new ConnectionTls({
      version: socket.getProtocol() === 'TLSv1.3' ? '1.3' : '1.2',
      // Of a session of TLS 1.2 that is resumed OpenSSL tells no name, though the client has asked for one again.
      sni: typeof name === 'string' ? normalizeServerName(name) : this.#pendingOf(socket)?.sni,
      alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
      peerCertificate,
      table: this.#table,
      policy: this.policy,
    })
    this.#settle(socket, { status: 'done', socket, tls })
  }

  #settle(socket: TLSSocket, outcome: HandshakeOutcome): void {
    const raw = rawSocketOf(socket)
    if (raw !== undefined) this.#finish(raw, outcome)
  }

  #pendingOf(socket: TLSSocket): PendingHandshake | undefined {
    const raw = rawSocketOf(socket)
    return raw === undefined ? undefined : this.#pending.get(raw)
  }

  #finish(raw: Socket, outcome: HandshakeOutcome): void {
    const pending = this.#pending.get(raw)
    this.#pending.delete(raw)
    pending?.done(outcome)
  }

  #contextFor(name: string | undefined): SecureContext | undefined {
    const shown = this.#table.select(name)
    if (shown === undefined) return undefined
    if (shown.epoch !== this.#epoch) {
      shown.context = this.#createContext(shown.certificate)
      shown.epoch = this.#epoch
    }
    return shown.context
  }

  #renewTickets(): void {
    const { keys, epoch } = this.#parts.ticketKeys.current()
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#server.setTicketKeys(keys)
  }

  #createContext(certificate: LoadedCertificate): SecureContext {
    const { keys } = this.#parts.ticketKeys.current()
    return createSecureContext({ ...this.#contextOptions(certificate), ticketKeys: keys })
  }

  #contextOptions(certificate: LoadedCertificate | undefined): Parameters<typeof createSecureContext>[0] {
    const { clients } = this.#parts
    return {
      ...SERVER_PROFILE,
      ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
      // An empty list is nobody; without one it would be every authority the runtime knows.
      ca: [...(clients?.trust.ca ?? [])],
      ...(clients === undefined || clients.trust.crls.length === 0 ? {} : { crl: [...clients.trust.crls] }),
      sessionTimeout: SESSION_TIMEOUT_SECS,
      // Who was verified in one way must not pass for verified in another: a session is only resumed under the same policy.
      sessionIdContext: sha256(this.policy).slice(0, 32),
    }
  }
}

/** Node tells which socket has become secure, and only here which one that was before. */
function rawSocketOf(socket: TLSSocket): Socket | undefined {
  const { _parent: raw } = socket as TLSSocket & { readonly _parent?: Socket }
  return raw
}
