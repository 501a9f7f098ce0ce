import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { quoted } from 'vane-core'
import { parseCertificates } from './pem.ts'
import { sha256, type TlsFiles } from './tls-files.ts'

/** A certificate with its key, ready to be shown to a peer. */
export interface LoadedCertificate {
  readonly leaf: X509Certificate
  /** PEM: the leaf and whatever leads to its root. */
  readonly chain: string
  /** PEM. */
  readonly key: string
  /** SHA-256, lower hex, over chain and key. */
  readonly digest: string
  /** What is wrong with it though it can be used. */
  readonly warnings: readonly string[]
}

/** Where a certificate is. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/**
 * Reads a certificate and its key, and checks that they belong together.
 *
 * @param nowMs the time by which it is judged, Unix milliseconds.
 * @throws Error that names the file and what is wrong with it.
 */
export async function loadCertificate(
  { certFile, keyFile }: CertificateFiles,
  files: TlsFiles,
  nowMs: number,
): Promise<LoadedCertificate> {
  const certName = `cert_file ${quoted(certFile)}`
  const keyName = `key_file ${quoted(keyFile)}`
  const certificates = parseCertificates(await files.read(certFile, 'cert_file'), certName)
  const key = parseKey(await files.read(keyFile, 'key_file'), keyName)
  const [{ x509: leaf } = { x509: undefined }, next] = certificates
  if (leaf === undefined) throw new Error(`${certName} holds no certificate`)
  if (!leaf.checkPrivateKey(key)) {
    const isReversed = certificates.some(({ x509 }) => x509.checkPrivateKey(key))
    throw new Error(
      isReversed
        ? `${keyName} belongs to a certificate in ${certName} that is not the first: put it before those that signed it`
        : `${keyName} is not the key of ${certName}`,
    )
  }
  const chain = certificates.map(({ pem }) => `${pem}\n`).join('')
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' })
  const warnings = validityWarnings(leaf, certName, nowMs)
  if (next !== undefined && !leaf.checkIssued(next.x509))
    warnings.push(
      `${certName}: its second certificate has not signed the first; clients may not find the way to a root`,
    )
  return { leaf, chain, key: keyPem, digest: sha256(`${chain}\n${keyPem}`), warnings }
}

function parseKey(bytes: Buffer, name: string): KeyObject {
  const text = bytes.toString('latin1')
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text))
    throw new Error(`${name} holds no private key in PEM form ("-----BEGIN PRIVATE KEY-----")`)
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw new Error(`${name} is locked with a passphrase: store it without ("openssl pkey -in FILE -out FILE")`)
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw new Error(`${name} cannot be understood`, { cause: error })
  }
}

function validityWarnings(leaf: X509Certificate, name: string, nowMs: number): string[] {
  if (leaf.validToDate.getTime() < nowMs) return [`${name} has expired, on ${leaf.validToDate.toISOString()}`]
  if (leaf.validFromDate.getTime() > nowMs) return [`${name} is not valid before ${leaf.validFromDate.toISOString()}`]
  return []
}
