import type { X509Certificate } from 'node:crypto'
import { sha256 } from './tls-files.ts'

/** The certificate that a client has shown and that was found good. What costs something is worked out when first asked for. */
export class PeerCertificate {
  readonly #x509: X509Certificate
  #sanDns: readonly string[] | undefined
  #spkiSha256: string | undefined

  constructor(x509: X509Certificate) {
    this.#x509 = x509
  }

  /** DER. */
  get der(): Uint8Array {
    return this.#x509.raw
  }

  /** Common name of the subject; of several the last, which is the most specific (RFC 4514 §2). */
  get subjectCn(): string | undefined {
    return commonName(this.#x509.toLegacyObject().subject)
  }

  get issuerCn(): string | undefined {
    return commonName(this.#x509.toLegacyObject().issuer)
  }

  /** Lower hex. */
  get serial(): string {
    return this.#x509.serialNumber.toLowerCase()
  }

  /** SHA-256 of the DER, lower hex. */
  get fingerprintSha256(): string {
    return this.#x509.fingerprint256.replaceAll(':', '').toLowerCase()
  }

  /** SHA-256 of the SubjectPublicKeyInfo, lower hex. */
  get spkiSha256(): string {
    return (this.#spkiSha256 ??= sha256(this.#x509.publicKey.export({ type: 'spki', format: 'der' })))
  }

  /** DNS names of the subject, in lower case, in their order. */
  get sanDns(): readonly string[] {
    return (this.#sanDns ??= dnsNamesOf(this.#x509.subjectAltName ?? ''))
  }

  /** Whether it was good at a time, Unix milliseconds. */
  isValidAt(timeMs: number): boolean {
    return this.#x509.validFromDate.getTime() <= timeMs && timeMs <= this.#x509.validToDate.getTime()
  }
}

function commonName(name: unknown): string | undefined {
  const value: unknown = typeof name === 'object' && name !== null && 'CN' in name ? name.CN : undefined
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  return typeof last === 'string' ? last : undefined
}

/**
 * Takes Node's text form of the alternative names apart: `DNS:a, DNS:"b, c", IP Address:127.0.0.1`. A value that could be
 * mistaken for more than one comes as a JSON string, and must not be cut at the commas in it.
 */
export function dnsNamesOf(text: string): string[] {
  const names: string[] = []
  const entry = /([^:]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text)
    // A form that Node does not write: nothing further is believed.
    if (match === null) return names
    const value = match[2]!
    if (match[1] === 'DNS') names.push((value.startsWith('"') ? String(JSON.parse(value)) : value).toLowerCase())
  }
  return names
}
