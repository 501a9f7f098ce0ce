import { expect, test } from 'vitest'
import { compile, type MetadataProvider } from '../compile/compile.ts'
import { BUILTIN_MIDDLEWARE } from '../compile/builtin-middleware.ts'
import { findUnsupported } from './unsupported.ts'

const middleware: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: ({ exportName }) => ({
    path: '/wasm/p.wasm',
    meta: { kind: exportName === 'bytes' ? 'l4-bytes' : 'l7-request', stateless: true, needsBody: false, inspects: [] },
  }),
}

function findIn(...rules: object[]): ReturnType<typeof findUnsupported> {
  const all = rules.map((rule, index) => ({
    name: `r${index}`,
    listen: [':80'],
    terminate: { type: 'static', status: 200 },
    ...rule,
  }))
  const text = JSON.stringify({ rules: all }, null, 1)
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/x.json', text }], middleware })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return findUnsupported(graph!)
}

const proxy = (keys: object): object => ({ terminate: { type: 'http_proxy', upstream: 'a:1', ...keys } })

test('what runs is not refused', () => {
  const match = [
    { 'http.header.x': { equals: 'a' } },
    { 'remote.ip': { cidr: '10.0.0.0/8' } },
    { 'http.uri.path': { path_prefix: '/a' } },
    { 'http.query.q': { matches: '^[a-z]+$' } },
    { 'http.cookie.id': { not_contains: 'a' } },
    { 'remote.port': { gte: 1024 } },
    { 'http.body': { prefix: '{' } },
    { 'tls.sni': { equals: 'a' } },
    { 'tls.peer_cert.san_dns': { contains: 'a' } },
  ]
  expect(
    findIn(
      {
        match,
        middleware_chain: [
          { use: 'forward_client_ip' },
          { use: 'host_header_match', args: { hosts: ['a.test'] } },
          { use: 'path_prefix', args: { prefixes: ['/a'] } },
          { use: 'method_match', args: { methods: ['GET'] } },
          { use: 'rate_limit', args: { rate: 1 } },
          { use: 'p:request' },
        ],
      },
      { listen: [':81'], ...proxy({ version: 'h1', retry: { max_attempts: 2, buffering: 'force' } }) },
      { listen: [':83'], ...proxy({ dns: { nameservers: ['192.0.2.1'] } }) },
      {
        listen: ['unix:/run/x'],
        terminate: { type: 'static', status: 200, headers: { a: '${host}' }, body: { base64: '/w==' } },
      },
      { listen: [':82'], terminate: { type: 'redirect_https' } },
    ),
  ).toEqual([])
})

test.each<[string, object, string]>([
  ['a listener of datagrams', { listen: ['udp::80'] }, 'listening for datagrams (udp)'],
  [
    'a certificate that is ordered',
    { tls: { sni: 'a.test', managed: {} } },
    'a certificate that is ordered ("managed")',
  ],
  [
    'an OCSP response that is fetched',
    { tls: { cert_file: 'c', key_file: 'k', ocsp_fetch: true } },
    'OCSP responses that are fetched ("ocsp_fetch")',
  ],
  [
    'a kind of plugin',
    { middleware_chain: [{ use: 'p:bytes' }], terminate: { type: 'close' } },
    'middleware of kind l4-bytes',
  ],
  ['a version', proxy({ version: 'h3', tls: {} }), 'HTTP/3 to an upstream'],
])('%s that does not run is refused with rule, file and line', (_name, rule, what) => {
  const found = findIn({ ...rule, name: 'the rule' })
  expect(found).toMatchObject([
    {
      severity: 'error',
      code: 'not-available',
      message: `rule "the rule" needs ${what}, which is not available in this version`,
      span: { file: 'rules/x.json', line: expect.any(Number) as number },
    },
  ])
})

test('everything that is missing is told, each once, where it is used first', () => {
  const rule = { tls: { sni: 'a.test', managed: {} }, ...proxy({ version: 'h3', tls: {} }) }
  const found = findIn(rule, rule)
  expect(found.map(({ message }) => message)).toEqual([
    'rule "r0" needs HTTP/3 to an upstream, which is not available in this version',
    'rule "r0" needs a certificate that is ordered ("managed"), which is not available in this version',
  ])
})
