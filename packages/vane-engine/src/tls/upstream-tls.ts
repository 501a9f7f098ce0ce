import { isIP, type NetConnectOpts } from 'node:net'
import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { quoted, type UpstreamAddress, type UpstreamTls } from 'vane-core'
import { CLIENT_PROFILE } from './client-profile.ts'
import { loadCertificate } from './load-certificate.ts'
import { loadTrust } from './load-trust.ts'
import type { SystemRoots } from './system-roots.ts'
import { sha256, type TlsFiles } from './tls-files.ts'

/** What upstream TLS is made of besides the rules. */
export interface UpstreamTlsContext {
  readonly files: TlsFiles
  readonly roots: SystemRoots
}

/** As whom an upstream must show itself, and as whom it sees us. */
interface IdentityParts {
  readonly address: UpstreamAddress
  readonly sni: string | undefined
  /** `undefined`: nobody looks at the certificate. */
  readonly verifiedName: string | undefined
  /** Digests of what was read: authorities and revocation lists, and our own certificate. */
  readonly trust: string
  readonly client: string | undefined
  readonly context: () => SecureContext
  readonly warnings: readonly string[]
}

/**
 * TLS to one upstream: everything that two connections must have in common to be the same to it and to us.
 *
 * It remembers the last session, so that the next connection resumes it.
 */
export class UpstreamIdentity {
  /** Equal for identities whose connections may stand in for one another; contents of files included. */
  readonly key: string
  /** Name the certificate must carry; `undefined`: nobody looks at it. */
  readonly verifiedName: string | undefined
  /** What is doubtful but stops nothing, to be logged where the identity is put to use. */
  readonly warnings: readonly string[]
  readonly #parts: IdentityParts
  #session: Buffer | undefined

  constructor(parts: IdentityParts) {
    const { address, sni, verifiedName, trust, client } = parts
    this.key = sha256(JSON.stringify([address, sni ?? null, verifiedName ?? null, trust, client ?? null]))
    this.verifiedName = verifiedName
    this.warnings = parts.warnings
    this.#parts = parts
  }

  /**
   * Begins to connect. `secureConnect` says that the upstream is who it should be; a failure comes as `error`, which
   * `toTlsError` puts into words.
   *
   * @param alpn protocols offered, most wanted first.
   * @param where what leads to the upstream's address.
   */
  connect(alpn: readonly string[], where: NetConnectOpts): TLSSocket {
    const socket = connect({ ...where, ...this.connectOptions(alpn) })
    this.#keepSession(socket)
    return socket
  }

  /** What {@link connect} passes to `tls.connect` besides the address. */
  connectOptions(alpn: readonly string[]): ConnectionOptions {
    const { sni, verifiedName, context } = this.#parts
    return {
      secureContext: context(),
      // An empty name is none: an address is no server name (RFC 6066 §3).
      servername: sni ?? '',
      rejectUnauthorized: verifiedName !== undefined,
      checkServerIdentity: (_host, certificate) =>
        verifiedName === undefined ? undefined : checkServerIdentity(verifiedName, certificate),
      ALPNProtocols: [...alpn],
      ...(this.#session === undefined ? {} : { session: this.#session }),
    }
  }

  /**
   * On a resumed session nobody looks at the name again: one that began before the name was found to be right must not be
   * kept, and in TLS 1.2 they begin that early.
   */
  #keepSession(socket: TLSSocket): void {
    let [isRight, early]: [boolean, Buffer | undefined] = [false, undefined]
    socket.on('session', (session: Buffer) => {
      if (isRight) this.#session = session
      else early = session
    })
    socket.once('secureConnect', () => {
      isRight = true
      this.#session = early ?? this.#session
    })
    socket.once('close', () => {
      if (!isRight) this.#session = undefined
    })
  }
}

/**
 * Reads and checks what a rule says of TLS to its upstream.
 *
 * @throws Error that names the file, or the key that is missing.
 */
export async function createUpstreamIdentity(
  tls: UpstreamTls,
  address: UpstreamAddress,
  { files, roots }: UpstreamTlsContext,
): Promise<UpstreamIdentity> {
  const host = address.kind === 'tcp' ? address.host : undefined
  const verifiedName = tls.insecureSkipVerify ? undefined : (tls.verifyHostname ?? host)
  if (verifiedName === undefined && !tls.insecureSkipVerify)
    throw new Error('the upstream is a Unix socket, which has no name to verify: write "verify_hostname"')
  const client = tls.clientCert === undefined ? undefined : await loadCertificate(tls.clientCert, files, Date.now())
  const isDefault = tls.caFile === undefined && tls.crls.length === 0
  const trust = isDefault
    ? undefined
    : await loadTrust(
        { caKey: 'ca_file', caPaths: tls.caFile === undefined ? [] : [tls.caFile], crls: tls.crls },
        files,
      )
  const ca = tls.caFile === undefined ? roots.ca : (trust?.ca ?? [])
  const own =
    isDefault && client === undefined
      ? undefined
      : createSecureContext({
          ...CLIENT_PROFILE,
          ca: [...ca],
          ...(trust === undefined || trust.crls.length === 0 ? {} : { crl: [...trust.crls] }),
          ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
        })
  return new UpstreamIdentity({
    address,
    sni: tls.sni ?? nameOf(host) ?? nameOf(tls.verifyHostname),
    verifiedName,
    trust: trust?.digest ?? 'system',
    client: client?.digest,
    context: () => own ?? roots.context,
    warnings: [
      ...(tls.insecureSkipVerify
        ? [
            `the certificate of the upstream ${describeAddress(address)} is not verified: whoever is on the way can read and change everything ("insecure_skip_verify")`,
          ]
        : []),
      ...(client?.warnings ?? []),
      ...(trust?.warnings ?? []),
    ],
  })
}

/** Where an upstream is, for messages. */
export function describeAddress(address: UpstreamAddress): string {
  return quoted(
    address.kind === 'unix'
      ? `unix:${address.path}`
      : `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`,
  )
}

function nameOf(host: string | undefined): string | undefined {
  return host === undefined || isIP(host) !== 0 ? undefined : host
}
