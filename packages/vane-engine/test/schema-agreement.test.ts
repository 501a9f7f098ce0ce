// oxlint-disable-next-line no-restricted-imports -- where ajv documents its draft 2020-12 to be
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  FIELDS,
  JSON_SCHEMAS,
  OPERATORS,
  operatorsOf,
  parsePluginLimits,
  parsePluginPolicies,
  type Diagnostic,
  type Json,
  type PredicateField,
} from 'vane-core'
import { BUILTIN_MIDDLEWARE, compile, type MetadataProvider } from '../src/compile/compile.ts'
import { parseConfigFile } from '../src/config/read-config-file.ts'
import { configKey, SECURITY_VARIABLES, VARIABLES } from '../src/config/variables.ts'
import { mutate, mutation } from './mutate-json.ts'

const ajv = new Ajv2020({ strict: false, logger: false })

const middleware: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: () => ({
    path: '/wasm/p.wasm',
    meta: { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] },
  }),
}

function exampleOf(field: PredicateField, operator: string): Json {
  const { operand } = OPERATORS[operator]!
  if (operand === 'cidr') return '10.0.0.0/8'
  if (operand === 'path') return '/api'
  if (operand === 'pattern') return '^a+$'
  const single: Record<PredicateField['type'], Json> = {
    string: field.form === 'path' ? '/a/' : 'a',
    list: 'a',
    bytes: { base64: 'FgM=' },
    int: 443,
    ip: '::1',
    enum: field.values?.[0] ?? 'GET',
    bool: true,
  }
  return operand === 'values' ? [single[field.type]] : single[field.type]
}

const predicates = FIELDS.flatMap((field) =>
  operatorsOf(field).map((operator): Json => {
    const path = field.path.endsWith('.') ? `${field.path}x` : field.path
    return { [path]: { [operator]: exampleOf(field, operator) } }
  }),
)
const [one, two, three] = [predicates[0]!, predicates[9]!, predicates[30]!]

const proxyKeys: Readonly<Record<string, Json>> = {
  tls: {
    verify_hostname: 'a.test',
    insecure_skip_verify: false,
    ca_file: 'ca.pem',
    client_cert: { cert_file: 'c', key_file: 'k' },
    crls: ['r'],
    sni: 'b.test',
  },
  dns: { nameservers: ['192.0.2.1', '[::1]:53'] },
  retry: {
    max_attempts: 3,
    methods: ['GET'],
    backoff: { exponential: { base: '1s', max: '2s', jitter: false } },
    buffering: 'force',
  },
  timeouts: { connect: '1s', first_byte: '1m', idle: '1h', total: '1d' },
  host: 'upstream',
}
const synth: Readonly<Record<string, Json>> = {
  status: 200,
  headers: { 'x-a': '${host}', b: ['1', '2'] },
  body: { base64: 'AA==' },
}
const terminates: readonly Json[] = [
  { type: 'http_proxy', upstream: 'a:1', version: 'h2', ...proxyKeys },
  { type: 'http1_proxy', upstream: 'unix:/run/x', retry: { backoff: { fixed: '1s' } } },
  { type: 'http2_proxy', upstream: '[::1]:1', retry: { backoff: 'exponential' } },
  { type: 'http3_proxy', upstream: 'a:1', tls: { insecure_skip_verify: true } },
  { type: 'unix_proxy', path: '/run/x', version: 'auto', ...proxyKeys },
  { type: 'websocket', upstream: 'a:1', ...proxyKeys },
  { type: 'static', ...synth },
  { type: 'static', status: 404, body: 'text' },
  { type: 'redirect_https', port: 8443, headers: { a: 'b' } },
  { type: 'tcp_forward', upstream: 'a:1', connect_timeout: '1s', idle_timeout: '1s' },
  {
    type: 'cgi',
    binary: '/bin/x',
    script_name: '/x',
    working_dir: '/',
    env: { A: 'b' },
    block_headers: ['cookie'],
    security: { uid: 1, gid: 1, limits: { memory_mb: 1, cpu_seconds: 1, max_processes: 1 } },
    timeouts: { connect: '1s' },
  },
  { type: 'close' },
]
const tls: readonly Json[] = [
  { sni: '*.a.test', cert_file: 'c', key_file: 'k', ocsp_path: 'o', enable_zero_rtt: false },
  {
    cert_file: 'c',
    key_file: 'k',
    ocsp_fetch: true,
    client_auth: { mode: 'require', trust_store: { ca_paths: ['x'], ca_dir: 'd', crls: ['r'] } },
  },
  {
    managed: {
      domains: ['a.test'],
      email: 'a@b',
      directory_url: 'https://ca.test/',
      challenge: 'http-01',
      renew_before_days: 9,
    },
  },
  { sni: 'a.test', managed: {} },
]
const rateLimit: Json = {
  key: { composite: ['remote_ip', { header: 'x' }, { cookie: 'y' }, { query: 'z' }] },
  rate: 1,
  burst: 2,
  window: '5s',
  on_limit: { status: 503, headers: { a: 'b' }, body: 'x' },
}
const chain: Json = [
  { use: 'host_header_match', args: { hosts: ['a.test', '*.b.test'], on_miss: 'close' } },
  { use: 'path_prefix', args: { prefixes: ['/a'] } },
  { use: 'method_match', args: { methods: ['GET'], on_miss: 'respond' } },
  {
    use: 'forward_client_ip',
    args: { headers: ['x-real-ip'], trusted_proxies: ['10.0.0.0/8'], strip_inbound_forwarded: false },
    on_error: 'close',
  },
  { use: 'rate_limit', args: rateLimit, on_error: { response: synth } },
  { use: 'p:on-request', args: { any: ['thing'] } },
]
const base = { listen: [':80', '127.0.0.1:81', '[::1]:82', 'unix:/run/x'] }
const entries: readonly Json[] = [
  ...predicates.map((predicate): Json => ({ ...base, name: 'r', match: predicate, terminate: { type: 'close' } })),
  ...terminates.map((terminate): Json => ({ ...base, name: 'r', terminate })),
  ...tls.map((block): Json => ({ ...base, name: 'r', tls: block, terminate: { type: 'close' } })),
  {
    ...base,
    name: 'full',
    match: [{ any_of: [one, two] }, { all_of: [three] }, { not: one }],
    priority: 5,
    middleware_chain: chain,
    terminate: terminates[0]!,
    tls: tls[0]!,
    max_body_bytes_request: 0,
    max_body_bytes_response: 10,
  },
  { name: 'u', listen: ['udp::53'], terminate: { type: 'udp_forward', upstream: 'a:1', idle_timeout: '1s' } },
  {
    ...base,
    preset: 'reverse_proxy',
    name: 'p',
    tls: tls[1]!,
    args: {
      upstream: 'a:1',
      websocket: ['/ws'],
      forward_client_ip: false,
      rate_limit: rateLimit,
      timeouts: { connect: '1s' },
    },
  },
  { ...base, preset: 'reverse_proxy', name: 'p', args: { upstream: 'a:1', websocket: '*' } },
  { ...base, preset: 'static_site', name: 'p', args: synth },
  { ...base, preset: 'redirect_https', name: 'p', args: {} },
  { ...base, preset: 'port_forward', name: 'p', args: { upstream: 'a:1', transport: 'tcp' } },
]

/** One kind of file: its schema, its parser, documents to begin with, and what only the parser can say. */
interface Kind {
  readonly schema: keyof typeof JSON_SCHEMAS
  readonly parse: (text: string) => readonly Diagnostic[]
  readonly documents: readonly Json[]
  /** Codes of what a schema has no words for, each with an example. */
  readonly beyond: Readonly<Record<string, string>>
}

const KINDS: readonly Kind[] = [
  {
    schema: 'rules',
    parse: (text) => compile({ files: [{ path: 'rules/x.json', text }], middleware }).diagnostics,
    documents: entries.map((entry): Json => ({ $schema: 'x', order: 1, rules: [entry] })),
    beyond: {
      'no-rules': 'a configuration without rules, of which this file is only a part',
      'invalid-name': 'a name of 128 characters that take two units each',
      'invalid-utf8': 'half of a surrogate pair',
      'invalid-listen': ':99999, [1.2.3.4]:80',
      'duplicate-rule': 'two rules of one name',
      'listen-overlap': ':80 beside 127.0.0.1:80',
      'transport-mismatch': 'tcp_forward on udp::53',
      'too-deep-for-forward': 'tcp_forward that matches on http.host',
      'misplaced-middleware': 'a plugin for requests before tcp_forward',
      'conflicting-keys': 'tls on tcp_forward, HTTP/3 to a Unix socket, a managed certificate for *.a.test',
      'missing-key': 'HTTP/3 without tls where "version" asks for it',
      'invalid-upstream': '1.2.3:80, host:99999',
      'invalid-host': 'a..b, "host": "a/b", an address where a name is asked for',
      'upper-case-literal': 'É',
      'unmatchable-path': '/a//b, /a/../b, /%61',
      'invalid-path': 'a path of 4096 characters that take more bytes',
      'invalid-url': 'https://',
      'invalid-nameserver': 'dns.test',
      'invalid-network': '10.0.0.0/33',
      'invalid-base64': 'a text of the wrong length',
      'invalid-operand': '999.0.0.1, http.host with a port',
      'invalid-pattern': 'a(',
      'pattern-too-large': '(a{1000}){1000}',
      'invalid-header': '"a b"',
      'framing-header': 'content-length',
      'body-not-allowed': 'a body with status 204',
      'unknown-middleware': 'a plugin that is not there',
      'out-of-range': '40d, an exponential base above its max',
      'invalid-use': 'a.wasm:b',
    },
  },
  {
    schema: 'config',
    parse: (text) => parseConfigFile(text).diagnostics,
    documents: [
      {},
      {
        $schema: 'x',
        log_level: 'warn',
        state_dir: '/var/lib/vane',
        wasm_dir: 'x',
        mgmt_unix: '/run/x',
        mgmt_http_port: null,
        mgmt_http_public: true,
        drain_timeout_secs: 0,
        bind_ipv4: true,
        bind_ipv6: false,
        bind_max_attempts: 1,
        bind_backoff_initial_ms: 1,
        bind_backoff_max_ms: 2,
        boot_health_timeout_secs: 3,
        flow_log_file: 'x',
        cgi_max_concurrent: 4,
        threads: 5,
        features: '',
        wasm_max_memory_mb: 6,
        wasm_max_instances: 7,
        security: {
          max_header_bytes: 4_096,
          max_headers_count: 20,
          header_timeout: '5s',
          body_idle_timeout: 5,
          max_conn_per_ip: 10,
          max_handshake_rate_per_ip: '1/s',
          max_streams_per_conn: 10,
          max_request_rate_per_conn: 100,
          max_total_conns: 1_024,
          max_pending_handshakes: 100,
          max_buffered_bytes: 16_777_216,
          max_buffered_bytes_per_ip: 1_099_511_627_776,
          exempt_loopback: false,
        },
      },
    ],
    beyond: {
      'below-floor': '"header_timeout": "1s"',
      'invalid-variable': '"header_timeout": "40d"',
      'invalid-utf8': 'half of a surrogate pair',
    },
  },
  {
    schema: 'policy',
    parse: (text) => parsePluginPolicies(text, 'policy.json').diagnostics,
    documents: [
      {
        $schema: 'x',
        geo: {
          allow_insecure: true,
          allowed_hosts: ['a.test', '*.b.test:8443', '*', '[::1]:80', '192.0.2.1'],
          max_body_size: 0,
          default_timeout_ms: 4_294_967_295,
          default_follow_redirects: 1,
          allow_private_addresses: true,
        },
        'auth.v2': {},
      },
    ],
    beyond: { 'invalid-host': 'a..b', 'invalid-utf8': 'half of a surrogate pair' },
  },
  {
    schema: 'limits',
    parse: (text) => parsePluginLimits(text, 'limits.json').diagnostics,
    documents: [
      {
        $schema: 'x',
        geo: {
          cpu_ms_per_call: 1,
          memory_mb: 4_096,
          pool: 256,
          max_in_flight_fetches: 1,
          max_metric_series: 1,
          max_body_bytes: 67_108_864,
        },
        'auth.v2': {},
      },
    ],
    beyond: { 'invalid-utf8': 'half of a surrogate pair' },
  },
]

const errorsOf = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.filter(({ severity }) => severity === 'error')

test.each(KINDS)('$schema: what is right is right for parser and schema', ({ schema, parse, documents }) => {
  const validate = ajv.compile(JSON_SCHEMAS[schema])
  for (const document of documents) {
    expect(errorsOf(parse(JSON.stringify(document)))).toEqual([])
    expect([validate(document), validate.errors]).toEqual([true, null])
  }
})

test.each(KINDS)('$schema: parser and schema agree on any document', ({ schema, parse, documents, beyond }) => {
  const validate = ajv.compile(JSON_SCHEMAS[schema])
  const document = fc.constantFrom(...documents)
  const both = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(document, document, fc.array(mutation, { minLength: 1, maxLength: 3 }), (start, donor, mutations) => {
      let changed = start
      for (const change of mutations) changed = mutate(changed, donor, change)
      const text = JSON.stringify(changed)
      const errors = errorsOf(parse(text))
      const accepts = validate(JSON.parse(text))
      if (errors.length === 0) {
        // An editor must not underline what the daemon takes.
        expect([accepts, validate.errors, text]).toEqual([true, null, text])
        both.accepted++
      } else if (accepts) {
        const unsaid = errors.filter(({ code }) => !(code in beyond))
        expect([unsaid, text]).toEqual([[], text])
      } else both.refused++
    }),
    { numRuns: schema === 'rules' ? 6_000 : 3_000 },
  )
  expect(both.accepted).toBeGreaterThan(50)
  expect(both.refused).toBeGreaterThan(500)
})

test('the schema knows every setting', () => {
  const { properties } = JSON_SCHEMAS.config as { properties: Record<string, { properties?: object }> }
  const plain = Object.values(VARIABLES).filter((variable) => variable.isSecret !== true)
  expect(Object.keys(properties).toSorted()).toEqual(['$schema', 'security', ...plain.map(configKey)].toSorted())
  expect(Object.keys(properties['security']?.properties ?? {}).toSorted()).toEqual(
    Object.values(SECURITY_VARIABLES).map(configKey).toSorted(),
  )
})

test('the schema knows every built-in middleware', () => {
  const uses = JSON.stringify(JSON_SCHEMAS.rules).matchAll(/"use":\{"const":"(\w+)"/g)
  expect([...new Set([...uses].map((match) => match[1]))].toSorted()).toEqual(
    Object.keys(BUILTIN_MIDDLEWARE).toSorted(),
  )
})
