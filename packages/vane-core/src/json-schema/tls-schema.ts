import { closedObject, described, flag, integer, listOf, text, words, type JsonSchema } from './json-schema.ts'
import { FORMS } from './text-forms.ts'

const { filePath, hostName, wildcardName } = FORMS

const managed: JsonSchema = closedObject('a certificate that is ordered and renewed by itself (ACME)', {
  domains: listOf('names it is for; default: "sni"', hostName, 1),
  email: text('contact for the account', '^[^\\s@]+@[^\\s@]+$'),
  directory_url: text('directory of the service; default: Let’s Encrypt', '^[Hh][Tt][Tt][Pp][Ss]:'),
  challenge: described(words('', ['http-01', 'tls-alpn-01']), 'how the names are proven', 'http-01'),
  renew_before_days: described(integer('', 1, 365), 'days before its end at which it is renewed', 30),
})

const trustStore: JsonSchema = {
  ...closedObject('whose certificates are believed', {
    ca_paths: listOf('files of certificate authorities', filePath),
    ca_dir: described(filePath, 'folder of certificate authorities'),
    crls: listOf('files of revocation lists', filePath),
  }),
  anyOf: [
    { properties: { ca_paths: { type: 'array', minItems: 1 } }, required: ['ca_paths'] },
    { required: ['ca_dir'] },
  ],
}

const clientAuth: JsonSchema = {
  ...closedObject(
    'what is asked of clients; all rules on a listener must agree',
    { mode: words('whether clients must show a certificate', ['none', 'request', 'require']), trust_store: trustStore },
    ['mode'],
  ),
  anyOf: [{ properties: { mode: { const: 'none' } } }, { required: ['trust_store'] }],
}

/** `tls` of a rule or preset. */
export const LISTENER_TLS: JsonSchema = {
  ...closedObject('TLS termination on the listeners of this rule: one certificate', {
    sni: described(wildcardName, 'host name the certificate is for; absent: the default certificate of the listener'),
    cert_file: described(filePath, 'file of the certificate and its chain (PEM)'),
    key_file: described(filePath, 'file of its key (PEM)'),
    client_auth: clientAuth,
    ocsp_path: described(filePath, 'file of an OCSP response to staple'),
    ocsp_fetch: flag('fetch OCSP responses from the issuer', false),
    managed,
    enable_zero_rtt: { const: false, description: 'TLS early data, which is not available', default: false },
  }),
  anyOf: [
    {
      required: ['managed'],
      properties: { cert_file: false, key_file: false },
      anyOf: [{ required: ['sni'] }, { properties: { managed: { type: 'object', required: ['domains'] } } }],
    },
    { required: ['cert_file', 'key_file'], properties: { managed: false } },
  ],
  not: { required: ['ocsp_path', 'ocsp_fetch'], properties: { ocsp_fetch: { const: true } } },
}

/** `tls` of an upstream. */
export const UPSTREAM_TLS: JsonSchema = {
  ...closedObject('TLS to the upstream', {
    verify_hostname: described(hostName, 'name its certificate must carry; default: the name of the upstream'),
    insecure_skip_verify: flag('do not check its certificate at all', false),
    ca_file: described(filePath, 'file of certificate authorities; default: those of the system'),
    client_cert: closedObject('certificate shown to the upstream', { cert_file: filePath, key_file: filePath }, [
      'cert_file',
      'key_file',
    ]),
    crls: listOf('files of revocation lists', filePath),
    sni: described(hostName, 'name TLS is asked for; default: the name of the upstream'),
  }),
  anyOf: [
    { properties: { insecure_skip_verify: { const: false } } },
    { properties: { verify_hostname: false, ca_file: false, crls: false } },
  ],
}
