import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { issueCertificate } from '../src/issue-certificate.ts'
import { issueRevocationList } from '../src/issue-revocation-list.ts'

test.each(['ec', 'rsa'] as const)('certificates with %s keys say what they were asked to and verify', (keyType) => {
  const ca = issueCertificate({ commonName: 'Test CA', isAuthority: true, keyType })
  const leaf = issueCertificate({
    commonName: 'a.test',
    organization: 'Tests',
    dnsNames: ['a.test', '*.b.test'],
    ipAddresses: ['127.0.0.1'],
    serial: '00ab12',
    issuer: ca,
    keyType,
  })
  const parsed = new X509Certificate(leaf.cert)
  expect(parsed.subject).toBe('O=Tests\nCN=a.test')
  expect(parsed.issuer).toBe('CN=Test CA')
  expect(parsed.serialNumber).toBe('AB12')
  expect(parsed.subjectAltName).toBe('DNS:a.test, DNS:*.b.test, IP Address:127.0.0.1')
  expect([parsed.ca, new X509Certificate(ca.cert).ca]).toEqual([false, true])
  expect(parsed.verify(new X509Certificate(ca.cert).publicKey)).toBe(true)
  expect(parsed.checkPrivateKey(createPrivateKey(leaf.key))).toBe(true)
  expect(() => createSecureContext({ cert: leaf.chain, key: leaf.key, ca: ca.cert })).not.toThrow()
})

test('a chain holds what lies between a certificate and its root', () => {
  const root = issueCertificate({ commonName: 'Root', isAuthority: true })
  const middle = issueCertificate({ commonName: 'Middle', isAuthority: true, issuer: root })
  const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle })
  expect(leaf.chain).toBe(leaf.cert + middle.cert)
})

test('a revocation list is one that OpenSSL reads', () => {
  const ca = issueCertificate({ commonName: 'Test CA', isAuthority: true })
  const leaf = issueCertificate({ commonName: 'a.test', issuer: ca })
  for (const revoked of [[], [leaf]])
    expect(() => createSecureContext({ ca: ca.cert, crl: issueRevocationList(ca, revoked) })).not.toThrow()
})
