import { X509Certificate } from 'node:crypto'
import type { IssuedCertificate } from 'vane-testkit'
import type { LoadedCertificate } from '../../src/tls/load-certificate.ts'
import type { LoadedTrust } from '../../src/tls/load-trust.ts'
import { sha256 } from '../../src/tls/tls-files.ts'

/** A certificate as if it had been read from its files. */
export function toLoaded({ cert, chain, key }: IssuedCertificate): LoadedCertificate {
  return { leaf: new X509Certificate(cert), chain, key, digest: sha256(chain), warnings: [] }
}

/** Authorities as if they had been read from their files. */
export function toTrust(authorities: readonly IssuedCertificate[], crls: readonly string[] = []): LoadedTrust {
  const ca = authorities.map(({ cert }) => cert)
  return { ca, crls, digest: sha256(JSON.stringify([ca, crls])), warnings: [] }
}
