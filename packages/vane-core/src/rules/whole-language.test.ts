import { expect, test } from 'vitest'
import {
  DEFAULT_PROXY_TIMEOUTS,
  DEFAULT_RETRY,
  FIELDS,
  OPERATORS,
  operatorsOf,
  parseRuleFile,
  PRESET_NAMES,
  type PredicateField,
  type PresetUse,
  type Rule,
} from 'vane-core'

function parse(rules: readonly object[]): readonly (Rule | PresetUse)[] {
  const { file, diagnostics } = parseRuleFile({ path: 'rules/x.json', text: JSON.stringify({ rules }) })
  expect(diagnostics).toEqual([])
  return file?.rules ?? []
}

function ruleOf(keys: object): Rule {
  const [rule] = parse([{ name: 'a', listen: [':80'], terminate: { type: 'close' }, ...keys }])
  if (rule === undefined || 'preset' in rule) throw new Error('not a rule')
  return rule
}

function operandOf(field: PredicateField, name: string): unknown {
  const { operand } = OPERATORS[name]!
  const single: Record<PredicateField['type'], unknown> = {
    string: field.form === 'path' ? '/a/' : 'a',
    list: 'a',
    bytes: { base64: 'FgM=' },
    int: 443,
    ip: '::1',
    enum: field.values?.[0] ?? 'GET',
    bool: true,
  }
  switch (operand) {
    case 'values':
      return [single[field.type]]
    case 'cidr':
      return '10.0.0.0/8'
    case 'path':
      return '/api'
    case 'pattern':
      return '^a+$'
    default:
      return single[field.type]
  }
}

const PAIRS = FIELDS.flatMap((field) => operatorsOf(field).map((name) => [field, name] as const))

test.each(PAIRS.map(([field, name]) => [field.path, name, field] as const))('%s takes %s', (path, name, field) => {
  const written = path.endsWith('.') ? `${path}x-name` : path
  const rule = ruleOf({ match: { [written]: { [name]: operandOf(field, name) } } })
  expect(rule.match).toMatchObject([{ field: written, op: name }])
})

test('bytes are one character each, whether they are written as text or in base64', () => {
  const rule = ruleOf({
    match: [
      { peek: { prefix: 'é' } },
      { peek: { in: [{ base64: 'w6k=' }, 'é', { base64: '/wA=' }] } },
      { 'tls.alpn': { equals: 'h2' } },
    ],
  })
  expect(rule.match.map((predicate) => 'value' in predicate && predicate.value)).toEqual(['Ã©', ['Ã©', 'ÿ\0'], 'h2'])
})

const OPTIONS = {
  tls: undefined,
  dns: undefined,
  retry: DEFAULT_RETRY,
  timeouts: DEFAULT_PROXY_TIMEOUTS,
  host: 'preserve',
}
const APP = { kind: 'tcp', host: 'app', port: 1 } as const

test.each([
  [
    { type: 'http_proxy', upstream: 'app:1', version: 'h2' },
    { type: 'http_proxy', version: 'h2', upstream: APP, ...OPTIONS },
  ],
  [
    { type: 'http2_proxy', upstream: 'app:1' },
    { type: 'http_proxy', version: 'h2', upstream: APP, ...OPTIONS },
  ],
  [
    { type: 'http3_proxy', upstream: 'app:1', tls: {} },
    {
      type: 'http_proxy',
      version: 'h3',
      upstream: APP,
      ...OPTIONS,
      tls: {
        verifyHostname: undefined,
        insecureSkipVerify: false,
        caFile: undefined,
        clientCert: undefined,
        crls: [],
        sni: undefined,
      },
    },
  ],
  [
    {
      type: 'unix_proxy',
      path: '/run/a',
      version: 'h1',
      tls: {
        verify_hostname: 'a.test',
        ca_file: 'tls/ca.pem',
        client_cert: { cert_file: 'c', key_file: 'k' },
        crls: ['r'],
        sni: 'b.test',
      },
      dns: { nameservers: ['192.0.2.1:53', '[2001:DB8::1]:5353', '::1'] },
      retry: {
        max_attempts: 3,
        methods: ['GET', 'DELETE', 'GET'],
        backoff: { exponential: { base: '50ms' } },
        buffering: 'force',
      },
    },
    {
      type: 'http_proxy',
      version: 'h1',
      upstream: { kind: 'unix', path: '/run/a' },
      ...OPTIONS,
      tls: {
        verifyHostname: 'a.test',
        insecureSkipVerify: false,
        caFile: 'tls/ca.pem',
        clientCert: { certFile: 'c', keyFile: 'k' },
        crls: ['r'],
        sni: 'b.test',
      },
      dns: { nameservers: ['192.0.2.1', '[2001:db8::1]:5353', '::1'] },
      retry: {
        maxAttempts: 3,
        methods: ['DELETE', 'GET'],
        backoff: { kind: 'exponential', baseMs: 50, maxMs: 5_000, jitter: true },
        buffering: 'force',
      },
    },
  ],
  [
    { type: 'websocket', upstream: 'app:1' },
    { type: 'websocket', upstream: APP, ...OPTIONS },
  ],
  [{ type: 'redirect_https' }, { type: 'redirect_https', port: 443, headers: [] }],
  [
    { type: 'redirect_https', port: 8443, headers: { 'x-was': '${uri} from ${remote_ip}' } },
    { type: 'redirect_https', port: 8443, headers: [['x-was', '${uri} from ${remote_ip}']] },
  ],
  [
    { type: 'tcp_forward', upstream: 'unix:/run/x' },
    {
      type: 'tcp_forward',
      upstream: { kind: 'unix', path: '/run/x' },
      connectTimeoutMs: 5_000,
      idleTimeoutMs: undefined,
    },
  ],
  [
    { type: 'udp_forward', upstream: 'app:1', idle_timeout: '5s', connect_timeout: '1s' },
    { type: 'udp_forward', upstream: APP, connectTimeoutMs: 1_000, idleTimeoutMs: 5_000 },
  ],
  [
    { type: 'static', status: 200, headers: { location: 'https://${host}${path}?${query}' }, body: { base64: '/wA=' } },
    {
      type: 'static',
      response: {
        status: 200,
        headers: [['location', 'https://${host}${path}?${query}']],
        body: '/wA=',
        bodyEncoding: 'base64',
      },
    },
  ],
  // What is text is text.
  [
    { type: 'static', status: 200, body: { base64: 'aMOp' } },
    { type: 'static', response: { status: 200, headers: [], body: 'hé' } },
  ],
  [
    {
      type: 'cgi',
      binary: '/usr/lib/app',
      script_name: '/cgi-bin/app',
      working_dir: '/srv',
      env: { A_B: 'c' },
      block_headers: ['Authorization', 'cookie'],
      security: { uid: 1000, gid: 1001, limits: { memory_mb: 64, cpu_seconds: 5, max_processes: 4 } },
      timeouts: { total: '10s' },
    },
    {
      type: 'cgi',
      binary: '/usr/lib/app',
      scriptName: '/cgi-bin/app',
      workingDir: '/srv',
      env: { A_B: 'c' },
      blockHeaders: ['authorization', 'cookie'],
      security: { uid: 1000, gid: 1001, limits: { memoryMb: 64, cpuSeconds: 5, maxProcesses: 4 } },
      timeouts: { ...DEFAULT_PROXY_TIMEOUTS, totalMs: 10_000 },
    },
  ],
])('reads the terminator %j', (terminate, expected) => {
  expect(ruleOf({ terminate }).terminate).toEqual(expected)
})

test.each([
  ['none', { kind: 'none' }],
  ['exponential', { kind: 'exponential', baseMs: 100, maxMs: 5_000, jitter: true }],
  [{ fixed: '1s' }, { kind: 'fixed', delayMs: 1_000 }],
  [{ exponential: { jitter: false, max: '1s' } }, { kind: 'exponential', baseMs: 100, maxMs: 1_000, jitter: false }],
])('reads the backoff %j', (backoff, expected) => {
  const { terminate } = ruleOf({
    terminate: { type: 'http_proxy', upstream: 'app:1', retry: { max_attempts: 2, backoff } },
  })
  expect(terminate).toMatchObject({ retry: { ...DEFAULT_RETRY, maxAttempts: 2, backoff: expected } })
})

test.each([
  [{}, true],
  [{ backoff: 'exponential' }, true],
  [{ max_attempts: 1 }, false],
  [{ max_attempts: 2 }, false],
])('a retry %j warns that it changes nothing: %s', (retry, warns) => {
  const terminate = { type: 'http_proxy', upstream: 'app:1', retry }
  const text = JSON.stringify({ rules: [{ name: 'a', listen: [':80'], terminate }] })
  const { file, diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(file?.rules).toHaveLength(1)
  expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
    warns ? ['warning retry-without-attempts'] : [],
  )
})

test('reads TLS from files, with client certificates', () => {
  const { tls, tlsSource } = ruleOf({
    tls: {
      sni: '*.a.test',
      cert_file: 'c',
      key_file: 'k',
      ocsp_path: 'o',
      enable_zero_rtt: false,
      client_auth: { mode: 'require', trust_store: { ca_paths: ['y', 'x'], ca_dir: 'd', crls: ['r'] } },
    },
  })
  expect(tls).toEqual({
    sni: '*.a.test',
    certificate: { kind: 'files', certFile: 'c', keyFile: 'k' },
    clientAuth: { mode: 'require', trustStore: { caPaths: ['x', 'y'], caDir: 'd', crls: ['r'] } },
    ocspPath: 'o',
    ocspFetch: false,
  })
  expect(tlsSource).toMatchObject({ line: 1 })
})

test('reads managed TLS: its names are those of "sni" unless it says others', () => {
  expect(ruleOf({ tls: { sni: 'a.test', managed: {} } }).tls?.certificate).toMatchObject({
    kind: 'managed',
    domains: ['a.test'],
    challenge: 'http-01',
    renewBeforeDays: 30,
  })
  const managed = {
    domains: ['b.test', 'a.test'],
    email: 'ops@a.test',
    directory_url: 'https://ca.test/dir',
    challenge: 'tls-alpn-01',
    renew_before_days: 7,
  }
  expect(ruleOf({ tls: { managed } }).tls).toMatchObject({
    sni: undefined,
    certificate: {
      domains: ['a.test', 'b.test'],
      email: 'ops@a.test',
      directoryUrl: 'https://ca.test/dir',
      challenge: 'tls-alpn-01',
      renewBeforeDays: 7,
    },
  })
})

test('reads every preset with all its arguments', () => {
  const tls = { cert_file: 'c', key_file: 'k' }
  const base = (preset: string): object => ({ preset, name: preset, listen: [':80'] })
  const presets = parse([
    {
      ...base('reverse_proxy'),
      tls,
      args: {
        upstream: 'app:1',
        websocket: ['/b', '/a', '/b'],
        forward_client_ip: false,
        rate_limit: { rate: 10, burst: 20, window: '1m', key: { composite: ['remote_ip', { header: 'X-Key' }] } },
        timeouts: { connect: '1s' },
      },
    },
    { ...base('static_site'), args: { status: 200, headers: { a: '${host}' }, body: { base64: '/w==' } } },
    { ...base('redirect_https'), args: {} },
    { ...base('port_forward'), listen: ['udp::53'], args: { upstream: '192.0.2.53:53' } },
    { ...base('port_forward'), args: { upstream: 'unix:/run/x', transport: 'tcp' } },
  ])
  expect(presets).toMatchObject([
    {
      tls: { certificate: { kind: 'files' } },
      args: {
        websocket: ['/a', '/b'],
        forwardClientIp: false,
        rateLimit: { args: { rate: 10, key: { composite: ['remote_ip', { header: 'X-Key' }] } } },
        timeouts: { connectMs: 1_000 },
      },
    },
    { args: { status: 200, bodyEncoding: 'base64', body: '/w==' } },
    { preset: 'redirect_https', tls: undefined },
    { args: { transport: 'udp' } },
    { args: { transport: 'tcp' } },
  ])
  expect(new Set(presets.map((preset) => 'preset' in preset && preset.preset))).toEqual(new Set(PRESET_NAMES))
})

test.each([
  [true, true],
  ['*', true],
  [false, false],
])('websocket may be %j', (websocket, expected) => {
  const args = { upstream: 'app:1', websocket }
  expect(parse([{ preset: 'reverse_proxy', name: 'p', listen: [':80'], args }])).toMatchObject([
    { args: { websocket: expected } },
  ])
})

test.each([
  ['/api', true],
  ['/api/v1', true],
  ['/größe', true],
  // Ends at a boundary, or is no path at all.
  ['/api/', false],
  ['/', false],
  ['', false],
  ['/img-', false],
])('a prefix %j on a path warns: %s', (prefix, warns) => {
  const text = JSON.stringify({
    rules: [{ name: 'a', listen: [':80'], match: { 'http.uri.path': { prefix } }, terminate: { type: 'close' } }],
  })
  const { file, diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(file?.rules).toHaveLength(1)
  expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
    warns ? ['warning prefix-splits-segment'] : [],
  )
  if (warns) expect(diagnostics[0]?.suggestion).toContain(`{ "path_prefix": ${JSON.stringify(prefix)} }`)
})
