import { issueCertificate, issueRevocationList } from 'vane-testkit'
import { expect, test } from 'vitest'
import { revocationListEnd } from './revocation-list-end.ts'

const CA = issueCertificate({ commonName: 'CA', isAuthority: true })

test('tells when the next list is due', () => {
  const nextUpdate = new Date(Date.UTC(2031, 4, 6, 7, 8, 9))
  expect(revocationListEnd(issueRevocationList(CA, [CA], { nextUpdate }))).toEqual(nextUpdate)
})

test('reads both forms of time, with and without a version', () => {
  const pem = (hex: string): string =>
    `-----BEGIN X509 CRL-----\n${Buffer.from(hex, 'hex').toString('base64')}\n-----END X509 CRL-----`
  const utc = (text: string): string => `170d${Buffer.from(text).toString('hex')}`
  const body = (version: string, next: string): string => `${version}30003000${utc('200101000000Z')}${next}`
  const wrap = (inner: string): string => {
    const length = (inner.length / 2).toString(16).padStart(2, '0')
    const list = `30${length}${inner}`
    return pem(`30${(list.length / 2).toString(16).padStart(2, '0')}${list}`)
  }
  expect(revocationListEnd(wrap(body('', utc('490203040506Z'))))).toEqual(new Date('2049-02-03T04:05:06Z'))
  expect(revocationListEnd(wrap(body('020101', utc('500203040506Z'))))).toEqual(new Date('1950-02-03T04:05:06Z'))
  // Nothing said, or nothing that is a time.
  for (const next of ['', '3000', utc('209902000000Z')]) expect(revocationListEnd(wrap(body('', next)))).toBeUndefined()
})

test('of what is damaged it tells nothing, and never throws', () => {
  const whole = Buffer.from(issueRevocationList(CA).replace(/-----[^-]+-----/g, ''), 'base64')
  for (let length = 0; length < 80; length++) {
    expect(revocationListEnd(whole.toString('base64', 0, length))).toBeUndefined()
    const changed = Buffer.from(whole)
    changed[length] = 0xff
    revocationListEnd(changed.toString('base64'))
  }
})
