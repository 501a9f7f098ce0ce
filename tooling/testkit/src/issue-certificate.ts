import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { bitString, der, integer, objectId, sequence, time, utf8 } from './der.ts'

/** What a certificate is to say; whatever is left out has a harmless default. */
export interface CertificateRequest {
  readonly commonName?: string
  readonly organization?: string
  /** Put in as they are, whether or not a DNS name may look so. */
  readonly dnsNames?: readonly string[]
  /** IPv4 addresses. */
  readonly ipAddresses?: readonly string[]
  /** Whether it may sign others. */
  readonly isAuthority?: boolean
  /** Who signs it; default: it signs itself. */
  readonly issuer?: IssuedCertificate
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Default: in 30 days. */
  readonly notAfter?: Date
  /** Hex digits; default: random. */
  readonly serial?: string
  /** PEM; default: a new one on P-256. */
  readonly key?: string
  /** Of a key that is made; default `ec`. */
  readonly keyType?: 'ec' | 'rsa'
}

/** A certificate with its key. */
export interface IssuedCertificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: string
  /** The certificate followed by those that lead to its root, without that: what a `cert_file` holds. */
  readonly chain: string
  readonly der: Buffer
  /** DER of the subject's name. */
  readonly subject: Buffer
  /** DER of the serial number. */
  readonly serial: Buffer
  readonly isRoot: boolean
}

const HOUR_MS = 3_600_000
const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  subjectAltName: '2.5.29.17',
}

/** Makes a certificate, valid or as broken as it was asked to be. */
export function issueCertificate(request: CertificateRequest = {}): IssuedCertificate {
  const { issuer, commonName, organization, isAuthority = false } = request
  const privateKey = request.key === undefined ? generateKey(request.keyType ?? 'ec') : createPrivateKey(request.key)
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const subject = sequence(
    ...(organization === undefined ? [] : [attribute(OID.organization, organization)]),
    ...(commonName === undefined ? [] : [attribute(OID.commonName, commonName)]),
  )
  const serial = integer(request.serial === undefined ? randomBytes(16) : Buffer.from(request.serial, 'hex'))
  const now = Date.now()
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    serial,
    signatureAlgorithm(signer),
    issuer?.subject ?? subject,
    sequence(
      time(request.notBefore ?? new Date(now - HOUR_MS)),
      time(request.notAfter ?? new Date(now + 30 * 24 * HOUR_MS)),
    ),
    subject,
    publicKeyOf(privateKey),
    der(0xa3, sequence(...extensionsOf(request, isAuthority))),
  )
  const encoded = signed(body, signer)
  const cert = toPem('CERTIFICATE', encoded)
  return {
    cert,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    chain: cert + (issuer === undefined || issuer.isRoot ? '' : issuer.chain),
    der: encoded,
    subject,
    serial,
    isRoot: issuer === undefined,
  }
}

/** Wraps DER into PEM. */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Puts algorithm and signature to a body that is to be signed. */
export function signed(body: Buffer, signer: KeyObject): Buffer {
  return sequence(body, signatureAlgorithm(signer), bitString(sign('sha256', body, signer)))
}

/** The AlgorithmIdentifier of a key's signatures with SHA-256. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectId('1.2.840.113549.1.1.11'), der(0x05))
    : sequence(objectId('1.2.840.10045.4.3.2'))
}

function generateKey(type: 'ec' | 'rsa'): KeyObject {
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function publicKeyOf(key: KeyObject): Buffer {
  // A KeyObject tells the public half of a private key only by way of an export.
  const jwk = key.export({ format: 'jwk' })
  const bytes = (name: 'n' | 'e' | 'x' | 'y'): Buffer => Buffer.from(String(jwk[name]), 'base64url')
  return key.asymmetricKeyType === 'rsa'
    ? sequence(
        sequence(objectId('1.2.840.113549.1.1.1'), der(0x05)),
        bitString(sequence(integer(bytes('n')), integer(bytes('e')))),
      )
    : sequence(
        sequence(objectId('1.2.840.10045.2.1'), objectId('1.2.840.10045.3.1.7')),
        bitString(Buffer.concat([Buffer.from([4]), bytes('x'), bytes('y')])),
      )
}

function extensionsOf(request: CertificateRequest, isAuthority: boolean): Buffer[] {
  const names = [
    ...(request.dnsNames ?? []).map((name) => der(0x82, Buffer.from(name))),
    ...(request.ipAddresses ?? []).map((ip) => der(0x87, ipBytes(ip))),
  ]
  const constraints = isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()
  return [
    sequence(objectId(OID.basicConstraints), der(0x01, Buffer.from([0xff])), der(0x04, constraints)),
    ...(names.length === 0 ? [] : [sequence(objectId(OID.subjectAltName), der(0x04, sequence(...names)))]),
  ]
}

function ipBytes(ip: string): Buffer {
  if (!isIPv4(ip)) throw new Error(`${ip} is no IPv4 address`)
  return Buffer.from(ip.split('.').map(Number))
}

function attribute(oid: string, value: string): Buffer {
  return der(0x31, sequence(objectId(oid), utf8(value)))
}
