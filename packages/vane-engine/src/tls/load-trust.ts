import { quoted } from 'vane-core'
import { parseCertificates, pemBlocks } from './pem.ts'
import { revocationListEnd } from './revocation-list-end.ts'
import { sha256, type TlsFiles } from './tls-files.ts'

/** Authorities whose word is taken, and what they have taken back. */
export interface LoadedTrust {
  /** PEM, one certificate each. */
  readonly ca: readonly string[]
  /** PEM, one list each. */
  readonly crls: readonly string[]
  /** SHA-256, lower hex, over all of it. */
  readonly digest: string
  /** What is wrong with it though it can be used. */
  readonly warnings: readonly string[]
}

/** Where authorities and revocation lists are. */
export interface TrustFiles {
  /** What messages call the key that names a file of authorities. */
  readonly caKey: string
  readonly caPaths: readonly string[]
  readonly caDir?: string | undefined
  readonly crls: readonly string[]
}

/**
 * Reads authorities and revocation lists.
 *
 * @throws Error that names the file and what is wrong with it.
 */
export async function loadTrust(trust: TrustFiles, files: TlsFiles): Promise<LoadedTrust> {
  const ca: string[] = []
  for (const path of trust.caPaths) ca.push(...(await readAuthorities(path, trust.caKey, files)))
  if (trust.caDir !== undefined) {
    const paths = await files.list(trust.caDir, 'ca_dir')
    if (paths.length === 0)
      throw new Error(`ca_dir ${quoted(trust.caDir)} holds no file that ends in .pem, .crt or .cer`)
    for (const path of paths) ca.push(...(await readAuthorities(path, 'the file of ca_dir', files)))
  }
  const crls: string[] = []
  const warnings: string[] = []
  for (const path of trust.crls) {
    const blocks = pemBlocks((await files.read(path, 'crls')).toString('latin1'), 'X509 CRL')
    if (blocks.length === 0)
      throw new Error(`crls ${quoted(path)} holds no revocation list in PEM form ("-----BEGIN X509 CRL-----")`)
    crls.push(...blocks)
    for (const block of blocks) {
      const end = revocationListEnd(block)
      if (end !== undefined && end.getTime() < Date.now())
        warnings.push(
          `crls ${quoted(path)} has expired, on ${end.toISOString()}: whoever is checked against it is refused`,
        )
    }
  }
  return { ca, crls, digest: sha256(JSON.stringify([ca, crls])), warnings }
}

async function readAuthorities(path: string, what: string, files: TlsFiles): Promise<string[]> {
  const bytes = await files.read(path, what)
  return parseCertificates(bytes, `${what} ${quoted(path)}`).map(({ pem }) => pem)
}
