import { createPrivateKey } from 'node:crypto'
import { integer, sequence, time } from './der.ts'
import { type IssuedCertificate, signatureAlgorithm, signed, toPem } from './issue-certificate.ts'

/** What a revocation list is to say. */
export interface RevocationOptions {
  /** When it ceases to be of use; default: in a day. */
  readonly nextUpdate?: Date
}

/** Makes the list of certificates that their issuer has revoked (RFC 5280 §5). @returns PEM. */
export function issueRevocationList(
  issuer: IssuedCertificate,
  revoked: readonly IssuedCertificate[] = [],
  options: RevocationOptions = {},
): string {
  const signer = createPrivateKey(issuer.key)
  const now = Date.now()
  const issuedAt = new Date(now - 3_600_000)
  const entries = revoked.map(({ serial }) => sequence(serial, time(issuedAt)))
  const body = sequence(
    integer(Buffer.from([1])),
    signatureAlgorithm(signer),
    issuer.subject,
    time(issuedAt),
    time(options.nextUpdate ?? new Date(now + 86_400_000)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  )
  return toPem('X509 CRL', signed(body, signer))
}
