import { isIP } from 'node:net'
import type { CertificateTable } from './certificate-table.ts'
import type { LoadedCertificate } from './load-certificate.ts'
import type { PeerCertificate } from './peer-certificate.ts'

/** What a listener shows under one name. */
export interface ShownCertificate {
  readonly certificate: LoadedCertificate
}

/** What a handshake led to. */
export interface ConnectionTlsParts {
  readonly version: '1.2' | '1.3'
  /** Name that the client asked for: lower case; `undefined` where it asked for none. */
  readonly sni: string | undefined
  /** Protocol that was agreed on; `undefined` where the client offered none. */
  readonly alpn: string | undefined
  /** Shown by the client and verified. */
  readonly peerCertificate: PeerCertificate | undefined
  /** What the listener shows to whom. */
  readonly table: CertificateTable<ShownCertificate>
  /** Says how clients were asked for certificates. */
  readonly policy: string
}

/** The TLS of one connection. */
export class ConnectionTls {
  readonly version: '1.2' | '1.3'
  readonly sni: string | undefined
  readonly alpn: string | undefined
  readonly peerCertificate: PeerCertificate | undefined
  /** Equal on connections whose clients were asked for the same certificates by the same authorities. */
  readonly policy: string
  readonly #table: CertificateTable<ShownCertificate>
  #coveredHost = ''

  constructor(parts: ConnectionTlsParts) {
    this.version = parts.version
    this.sni = parts.sni
    this.alpn = parts.alpn
    this.peerCertificate = parts.peerCertificate
    this.policy = parts.policy
    this.#table = parts.table
  }

  /**
   * Whether a request for a host may come by this connection: a new one for that host would be shown the same certificate,
   * or the one it was shown is good for that host as well.
   *
   * @param host of a request: lower case, without port; an empty one is no host to be wrong about.
   */
  covers(host: string): boolean {
    if (host === '' || host === this.#coveredHost) return true
    const isCovered = this.#look(host)
    // Requests of one connection mostly name one host.
    if (isCovered) this.#coveredHost = host
    return isCovered
  }

  #look(host: string): boolean {
    const shown = this.#table.select(this.sni)?.certificate
    const name = host.startsWith('[') ? host.slice(1, -1) : host
    const own = this.#table.select(name)?.certificate
    if (shown === undefined) return false
    if (own !== undefined && own.digest === shown.digest) return true
    return (isIP(name) === 0 ? shown.leaf.checkHost(name) : shown.leaf.checkIP(name)) !== undefined
  }
}
