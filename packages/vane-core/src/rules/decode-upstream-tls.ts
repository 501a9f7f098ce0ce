import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeBoolean, type Decode } from '../schema/decode-scalar.ts'
import { propertiesOf } from '../schema/json-node.ts'
import { decodeFilePath } from './decode-path.ts'
import { decodeHostName } from './host-name.ts'
import type { UpstreamTls } from './types.ts'

const clientCert = decodeObject('client_cert', {
  cert_file: required(decodeFilePath('the file of a certificate')),
  key_file: required(decodeFilePath('the file of a key')),
})

const fields = decodeObject('tls', {
  verify_hostname: optional(decodeHostName('a host name', { wildcard: false })),
  insecure_skip_verify: optionalWith(decodeBoolean('insecure_skip_verify'), false),
  ca_file: optional(decodeFilePath('the file of certificate authorities')),
  client_cert: optional(clientCert),
  crls: optionalWith<readonly string[]>(
    decodeList(decodeFilePath('the file of a revocation list'), { what: 'revocation lists' }),
    [],
  ),
  sni: optional(decodeHostName('a host name', { wildcard: false })),
})

/** Keys that say how to verify, which nobody does where verification is off. */
const VERIFYING_KEYS: ReadonlySet<string> = new Set(['verify_hostname', 'ca_file', 'crls'])

/** TLS to an upstream. */
export const decodeUpstreamTls: Decode<UpstreamTls> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  if (decoded.insecure_skip_verify) {
    const idle = [...propertiesOf(node)].find(({ name }) => VERIFYING_KEYS.has(name))
    if (idle !== undefined) {
      const message = `"${idle.name}" has no effect with "insecure_skip_verify"`
      sink.at(idle.key, { code: 'conflicting-keys', message, suggestion: 'leave one of them out' })
      return undefined
    }
  }
  const { client_cert: client } = decoded
  return {
    verifyHostname: decoded.verify_hostname,
    insecureSkipVerify: decoded.insecure_skip_verify,
    caFile: decoded.ca_file,
    clientCert: client === undefined ? undefined : { certFile: client.cert_file, keyFile: client.key_file },
    crls: decoded.crls,
    sni: decoded.sni,
  }
}
