import { decodeObject, optional, optionalWith } from '../schema/decode-object.ts'
import { decodeBoolean, type Decode } from '../schema/decode-scalar.ts'
import { propertiesOf, propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeClientAuth } from './decode-client-auth.ts'
import { decodeManaged, type ManagedKeys } from './decode-managed.ts'
import { decodeFilePath } from './decode-path.ts'
import { decodeHostName } from './host-name.ts'
import type { ListenerCertificate, ListenerTls } from './types.ts'

const fields = decodeObject('tls', {
  sni: optional(decodeHostName('a host name', { wildcard: true })),
  cert_file: optional(decodeFilePath('the file of a certificate')),
  key_file: optional(decodeFilePath('the file of a key')),
  client_auth: optional(decodeClientAuth),
  ocsp_path: optional(decodeFilePath('the file of an OCSP response')),
  ocsp_fetch: optionalWith(decodeBoolean('ocsp_fetch'), false),
  managed: optional(decodeManaged),
  enable_zero_rtt: optionalWith(decodeNoZeroRtt, false),
})

/** TLS on the listeners of a rule: one certificate, from two files or ordered by itself. */
export const decodeListenerTls: Decode<ListenerTls> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  const { sni, client_auth: clientAuth, ocsp_path: ocspPath, ocsp_fetch: ocspFetch } = decoded
  if (ocspPath !== undefined && ocspFetch) {
    const message = '"ocsp_path" and "ocsp_fetch" both bring the response to staple'
    sink.at(keyOf(node, 'ocsp_fetch'), { code: 'conflicting-keys', message, suggestion: 'leave one of them out' })
    return undefined
  }
  const { cert_file: certFile, key_file: keyFile, managed } = decoded
  const certificate =
    managed === undefined ? filesOf({ certFile, keyFile }, node, sink) : managedOf({ managed, sni }, node, sink)
  return certificate === undefined ? undefined : { sni, certificate, clientAuth, ocspPath, ocspFetch }
}

function filesOf(
  { certFile, keyFile }: { readonly certFile: string | undefined; readonly keyFile: string | undefined },
  node: JsonNode,
  sink: ProblemSink,
): ListenerCertificate | undefined {
  if (certFile !== undefined && keyFile !== undefined) return { kind: 'files', certFile, keyFile }
  for (const name of ['cert_file', 'key_file']) {
    if (propertyOf(node, name) !== undefined) continue
    const message = `tls needs the key "${name}", or "managed"`
    sink.at(node, { code: 'missing-key', message, expected: `the key "${name}"` })
  }
  return undefined
}

function managedOf(
  { managed, sni }: { readonly managed: ManagedKeys; readonly sni: string | undefined },
  node: JsonNode,
  sink: ProblemSink,
): ListenerCertificate | undefined {
  for (const name of ['cert_file', 'key_file']) {
    if (propertyOf(node, name) === undefined) continue
    const message = `"${name}" has no place beside "managed", which brings its own`
    sink.at(keyOf(node, name), { code: 'conflicting-keys', message, suggestion: 'leave one of them out' })
    return undefined
  }
  const domains = managed.domains ?? (sni === undefined ? [] : [sni])
  const wildcard = domains.find((domain) => domain.startsWith('*.'))
  const at = propertyOf(node, 'managed') ?? node
  if (domains.length === 0) {
    const message = 'managed needs the key "domains" where the certificate has no "sni"'
    sink.at(at, { code: 'missing-key', message, expected: 'the key "domains"' })
    return undefined
  }
  if (wildcard !== undefined) {
    const message = `a managed certificate cannot be for "${wildcard}": wildcards are proven by DNS, which is not offered`
    sink.at(at, { code: 'conflicting-keys', message, suggestion: 'name the hosts in "domains"' })
    return undefined
  }
  return { ...managed, kind: 'managed', domains }
}

function decodeNoZeroRtt(node: JsonNode, sink: ProblemSink): false | undefined {
  if (decodeBoolean('enable_zero_rtt')(node, sink) === false) return false
  if (node.type === 'boolean') {
    const message = 'the TLS of this runtime offers no early data (0-RTT)'
    sink.at(node, { code: 'zero-rtt-unavailable', message, suggestion: 'leave "enable_zero_rtt" out' })
  }
  return undefined
}

function keyOf(node: JsonNode, name: string): JsonNode {
  for (const property of propertiesOf(node)) if (property.name === name) return property.key
  return node
}
