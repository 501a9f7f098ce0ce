import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith } from '../schema/decode-object.ts'
import { decodeEnum, decodeInteger, decodeParsed, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { decodeHostName } from './host-name.ts'
import type { ManagedCertificate } from './types.ts'

/** A `managed` block; without `domains`, they are the certificate's `sni`. */
export type ManagedKeys = Omit<ManagedCertificate, 'kind' | 'domains'> & {
  readonly domains: readonly string[] | undefined
}

/** Where certificates are ordered unless a rule says otherwise. */
export const DEFAULT_ACME_DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'

const fields = decodeObject('managed', {
  domains: optional(decodeList(decodeHostName('a host name', { wildcard: true }), { what: 'host names', min: 1 })),
  email: optional(decodeParsed('an email address', parseEmail)),
  directory_url: optionalWith(decodeParsed('a URL', parseHttpsUrl), DEFAULT_ACME_DIRECTORY),
  challenge: optionalWith<ManagedCertificate['challenge']>(
    decodeEnum('challenge', ['http-01', 'tls-alpn-01']),
    'http-01',
  ),
  renew_before_days: optionalWith(decodeInteger({ what: 'renew_before_days', min: 1, max: 365 }), 30),
})

/** A certificate that is ordered from an ACME service. */
export const decodeManaged: Decode<ManagedKeys> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  const { domains, email, directory_url: directoryUrl, challenge, renew_before_days: renewBeforeDays } = decoded
  const unique = domains === undefined ? undefined : [...new Set(domains)].toSorted()
  return { domains: unique, email, directoryUrl, challenge, renewBeforeDays }
}

function parseEmail(text: string): Parsed<string> {
  // Whoever is at the other end decides; this only keeps names and addresses apart.
  if (/^[^\s@]{1,64}@[^\s@]{1,253}$/.test(text)) return { value: text }
  return { problem: { code: 'invalid-name', message: `${quoted(text)} is not an email address` } }
}

function parseHttpsUrl(text: string): Parsed<string> {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' && url.username === '' && url.hash === '') return { value: url.href }
  const message = `${quoted(text)} is not a URL that begins with "https://"`
  return { problem: { code: 'invalid-url', message } }
}
