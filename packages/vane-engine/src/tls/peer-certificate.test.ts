import { createHash, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { issueCertificate } from 'vane-testkit'
import { expect, test } from 'vitest'
import { PeerCertificate } from './peer-certificate.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const from = (request: Parameters<typeof issueCertificate>[0]): PeerCertificate =>
  new PeerCertificate(new X509Certificate(issueCertificate({ issuer: CA, ...request }).cert))

test('says what the certificate says', () => {
  const issued = issueCertificate({ commonName: 'client', organization: 'O', serial: '00AB', issuer: CA })
  const certificate = new PeerCertificate(new X509Certificate(issued.cert))
  expect(certificate).toMatchObject({ subjectCn: 'client', issuerCn: 'Test CA', serial: 'ab', sanDns: [] })
  expect(certificate.fingerprintSha256).toBe(createHash('sha256').update(issued.der).digest('hex'))
  expect(certificate.spkiSha256).toMatch(/^[0-9a-f]{64}$/)
  expect(Buffer.from(certificate.der)).toEqual(issued.der)
})

test('a name that is not there is absent', () => {
  expect(from({ organization: 'O' }).subjectCn).toBeUndefined()
})

test.each([
  ['a comma', ['a.test, DNS:evil.test'], ['a.test, dns:evil.test']],
  ['quotes', ['a"b', 'c.test'], ['a"b', 'c.test']],
  ['a colon', ['DNS:evil.test'], ['dns:evil.test']],
  ['a backslash', ['a\\', 'b.test'], ['a\\', 'b.test']],
  ['capitals', ['A.Test'], ['a.test']],
  ['nothing', ['', 'b.test'], ['', 'b.test']],
])('a DNS name with %s in it stays one name', (_what, dnsNames, expected) => {
  expect(from({ dnsNames, ipAddresses: ['127.0.0.1'] }).sanDns).toEqual(expected)
})

test('whatever an authority signs, there are as many names as it signed', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'B', '.', ',', ':', '"', '\\', ' ', '*', '=', '/'),
    maxLength: 12,
  })
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (dnsNames) => {
      expect(from({ dnsNames, key: CA.key }).sanDns).toEqual(dnsNames.map((each) => each.toLowerCase()))
    }),
    { numRuns: 200 },
  )
})

test.each([
  [-1, false],
  [0, true],
  [60_000, true],
  [60_001, false],
])('%s ms after its beginning it is good: %s', (afterMs, expected) => {
  const startMs = Math.floor(Date.now() / 1_000) * 1_000
  const certificate = from({ notBefore: new Date(startMs), notAfter: new Date(startMs + 60_000) })
  expect(certificate.isValidAt(startMs + afterMs)).toBe(expected)
})
