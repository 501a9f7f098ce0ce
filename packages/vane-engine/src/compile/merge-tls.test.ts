import { expect, test } from 'vitest'
import { compile } from './compile.ts'

const files = (name: string): object => ({ cert_file: `${name}.pem`, key_file: `${name}.key` })
const auth = (mode: string): object => ({ client_auth: { mode, trust_store: { ca_paths: ['ca.pem'] } } })

function result(rules: Readonly<Record<string, object | undefined>>): ReturnType<typeof compile> {
  const list = Object.entries(rules).map(([name, tls]) => ({
    name,
    listen: [':443', '[::1]:8443'],
    match: { 'http.host': { equals: name } },
    terminate: { type: 'static', status: 200 },
    tls,
  }))
  return compile({ files: [{ path: 'rules/x.json', text: JSON.stringify({ rules: list }, null, 1) }] })
}

test('the certificates of all rules come together, the default first', () => {
  const { graph, diagnostics } = result({
    b: { sni: 'b.test', ...files('b') },
    a: undefined,
    c: files('c'),
    d: { sni: 'b.test', ...files('b') },
  })
  expect(diagnostics).toEqual([])
  expect(graph?.meta.listeners['tcp::443']?.tls).toMatchObject({
    certificates: [
      { sni: undefined, certificate: { certFile: 'c.pem' } },
      { sni: 'b.test', certificate: { certFile: 'b.pem' } },
    ],
    clientAuth: undefined,
    rule: 'b',
    source: { file: 'rules/x.json', line: 18, column: 11 },
  })
  expect(JSON.parse(JSON.stringify(graph))).toEqual(graph)
})

test('a listener without certificates has no TLS', () => {
  expect(result({ a: undefined }).graph?.meta.listeners['tcp::443']).not.toHaveProperty('tls')
})

test.each([
  ['two defaults', { a: files('a'), b: files('b') }, 'tls-conflict', /a default certificate/],
  [
    'two certificates for one name',
    { a: { sni: 'x.test', ...files('a') }, b: { sni: 'x.test', ...files('b') } },
    'tls-conflict',
    /a certificate for "x.test"/,
  ],
  [
    'two ways to staple',
    { a: files('a'), b: { ...files('a'), ocsp_fetch: true } },
    'tls-conflict',
    /a default certificate/,
  ],
  [
    'clients asked and not asked',
    { a: files('a'), b: { sni: 'b.test', ...files('b'), ...auth('require') } },
    'client-auth-conflict',
    /rules "a" and "b"/,
  ],
  [
    'clients asked in two ways',
    { a: { ...files('a'), ...auth('request') }, b: { ...files('a'), ...auth('require') } },
    'client-auth-conflict',
    /"client_auth"/,
  ],
])('refuses %s, showing both rules once', (_name, rules, code, message) => {
  const { graph, diagnostics } = result(rules)
  expect(graph).toBeUndefined()
  expect(diagnostics).toHaveLength(1)
  expect(diagnostics[0]).toMatchObject({ severity: 'error', code, related: [{ span: { line: 18 } }] })
  expect(diagnostics[0]?.message).toMatch(message)
  expect(diagnostics[0]?.span?.line).toBeGreaterThan(18)
})

test('clients that are not asked are not asked, written out or not', () => {
  const { diagnostics } = result({ a: files('a'), b: { ...files('a'), client_auth: { mode: 'none' } } })
  expect(diagnostics).toEqual([])
})
