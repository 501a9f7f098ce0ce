import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { issueCertificate, issueRevocationList, type IssuedCertificate } from 'vane-testkit'

/** Makes the certificates of the examples, each in the `certs` folder of its configuration below `root`. */
export function makeCertificates(root: string): void {
  const ca = issueCertificate({ commonName: 'Example CA', isAuthority: true })
  const issue = (...dnsNames: string[]): IssuedCertificate =>
    issueCertificate({ commonName: dnsNames[0] ?? '', dnsNames, issuer: ca })

  const termination = createFolder(join(root, 'termination', 'certs'))
  termination('ca.pem', ca.cert)
  termination.pair('shop', issue('shop.test'))
  termination.pair('countries', issue('*.shop.test'))
  termination.pair('default', issue('localhost'))

  const passthrough = createFolder(join(root, 'passthrough', 'certs'))
  passthrough('ca.pem', ca.cert)
  passthrough.pair('default', issue('localhost'))

  const upstream = createFolder(join(root, 'upstream', 'certs'))
  upstream('ca.pem', ca.cert)
  upstream.pair('vane', issue('vane.staff.test', 'accounting.staff.test'))

  const mallory = issue('mallory.staff.test')
  const clients = createFolder(join(root, 'client-certificates', 'certs'))
  clients('ca.pem', ca.cert)
  clients('revoked.crl', issueRevocationList(ca, [mallory]))
  clients.pair('site', issue('localhost'))
  clients.pair('alice', issue('alice.staff.test', 'accounting.staff.test'))
  clients.pair('bob', issue('bob.staff.test'))
  clients.pair('mallory', mallory)
}

interface Folder {
  (name: string, content: string): void
  /** Writes a certificate and its key. */
  pair(name: string, issued: IssuedCertificate): void
}

function createFolder(path: string): Folder {
  mkdirSync(path, { recursive: true })
  const write = (name: string, content: string): void => writeFileSync(join(path, name), content, { mode: 0o600 })
  return Object.assign(write, {
    pair: (name: string, { chain, key }: IssuedCertificate): void => {
      write(`${name}.pem`, chain)
      write(`${name}.key`, key)
    },
  })
}

if (import.meta.main) {
  makeCertificates(resolve(import.meta.dirname))
  process.stdout.write('made the certificates of termination/, client-certificates/, passthrough/ and upstream/\n')
}
