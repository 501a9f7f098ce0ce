import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate } from 'vane-testkit'
import type { SiteCertificate } from './proxy.ts'

/** Makes the certificate that all proxies of a stage show, an ECDSA one on P-256, and leaves it in a folder. */
export async function makeCertificate(folder: string): Promise<SiteCertificate> {
  const files: SiteCertificate = {
    certFile: join(folder, 'site.crt'),
    keyFile: join(folder, 'site.key'),
    pairFile: join(folder, 'site.pem'),
  }
  await mkdir(folder, { recursive: true })
  const { chain, key } = issueCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
  })
  await writeFile(files.certFile, chain)
  await writeFile(files.keyFile, key)
  await writeFile(files.pairFile, chain + key)
  return files
}
