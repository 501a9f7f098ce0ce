import { expect, test } from 'vitest'
import { compile } from './compile.ts'

function diagnosticsOf(...rules: object[]): ReturnType<typeof compile>['diagnostics'] {
  const text = JSON.stringify({ rules: rules.map((rule, index) => ({ name: `r${index}`, ...rule })) }, null, 1)
  return compile({ files: [{ path: 'rules/x.json', text }] }).diagnostics
}

const tcp = { type: 'tcp_forward', upstream: 'a:1' }
const udp = { type: 'udp_forward', upstream: 'a:1' }

test.each<[string, object, object]>([
  [
    'tcp_forward on a listener of datagrams',
    { listen: [':1', 'udp::53'], terminate: tcp },
    {
      code: 'transport-mismatch',
      message: 'rule "r0" forwards tcp, but listens on "udp::53"',
      suggestion: /"tcp::53"/,
    },
  ],
  [
    'udp_forward on a listener of connections',
    { listen: [':53'], terminate: udp },
    { code: 'transport-mismatch', suggestion: /listen on "udp::53"/ },
  ],
  ['udp_forward on a Unix socket', { listen: ['unix:/x'], terminate: udp }, { suggestion: 'listen on a port' }],
  [
    'a preset that forwards datagrams from a listener of connections',
    { preset: 'port_forward', listen: [':53'], args: { upstream: 'a:1', transport: 'udp' } },
    { code: 'transport-mismatch' },
  ],
  [
    'a forward that is decided by HTTP',
    { listen: [':1'], match: { not: { any_of: [{ 'http.host': { equals: 'a' } }] } }, terminate: tcp },
    { code: 'too-deep-for-forward', message: /its match reads "http.host"/ },
  ],
  [
    'TLS on a forward',
    { listen: [':1'], terminate: tcp, tls: { cert_file: 'c', key_file: 'k' } },
    { code: 'conflicting-keys', span: { line: 12, column: 11 } },
  ],
])('refuses %s', (_name, rule, expected) => {
  const [found, ...others] = diagnosticsOf(rule)
  expect(others).toEqual([])
  const { message, suggestion, ...rest } = expected as Record<string, unknown>
  expect(found).toMatchObject({ severity: 'error', ...rest })
  if (message !== undefined) expect(found?.message).toMatch(message as string | RegExp)
  if (suggestion !== undefined) expect(found?.suggestion).toMatch(suggestion as string | RegExp)
})

test('connections and datagrams of one port are two listeners', () => {
  expect(diagnosticsOf({ listen: [':53'], terminate: tcp }, { listen: ['udp::53'], terminate: udp })).toEqual([])
})

test('what can be read of a connection may decide a forward', () => {
  const match = [{ 'tls.sni': { suffix: '.a.test' } }, { peek: { prefix: { base64: 'FgM=' } } }]
  expect(diagnosticsOf({ listen: [':1'], match, terminate: tcp })).toEqual([])
})
