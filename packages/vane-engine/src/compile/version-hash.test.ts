import { expect, test } from 'vitest'
import { compile } from './compile.ts'

function hash(...files: string[]): string {
  const { graph, diagnostics } = compile({
    files: files.map((text, index) => ({ path: `rules/${index}.jsonc`, text })),
  })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graph!.meta.versionHash
}

const A = '{ "name": "a", "listen": [":80"], "terminate": { "type": "http_proxy", "upstream": "x:1" } }'
const B =
  '{ "name": "b", "listen": [":80"], "match": { "http.host": { "equals": "b" } }, "terminate": { "type": "close" } }'
const one = hash(`{ "rules": [${A}, ${B}] }`)

test('is a SHA-256 in lower hex', () => {
  expect(one).toMatch(/^[0-9a-f]{64}$/)
})

test.each([
  ['white space and comments', `{\n // hello\n "rules" : [ ${A} ,\n ${B}, ] }`],
  [
    'key order',
    `{ "rules": [{ "terminate": { "upstream": "x:1", "type": "http_proxy" }, "listen": [":80"], "name": "a" }, ${B}] }`,
  ],
  ['rule order', `{ "rules": [${B}, ${A}] }`],
  [
    'defaults written out',
    `{ "order": 0, "rules": [${A.replace('"name"', '"priority": 0, "match": [], "middleware_chain": [], "name"')}, ${B}] }`,
  ],
  ['the order of a file', `{ "rules": [${A}, ${B}], "order": 5 }`],
  ['other spellings of one listener', `{ "rules": [${A.replace(':80', 'tcp::080')}, ${B}] }`],
])('does not see %s', (_name, text) => {
  expect(hash(text)).toBe(one)
})

test('does not see how rules are spread over files', () => {
  expect(hash(`{ "rules": [${A}] }`, `{ "rules": [${B}] }`)).toBe(one)
  expect(hash(`{ "rules": [${B}] }`, `{ "rules": [${A}] }`)).toBe(one)
})

test('sees neither the order of conditions, nor that of values, nor how bytes are written', () => {
  const match = (predicate: string): string =>
    hash(`{ "rules": [${A.replace('"name"', `"match": ${predicate}, "name"`)}] }`)
  const [x, y] = ['{ "http.host": { "in": ["b", "a"] } }', '{ "http.method": { "equals": "GET" } }']
  expect(match(`[${x}, ${y}]`)).toBe(match(`[${y}, ${x.replace('"b", "a"', '"a", "b", "a"')}]`))
  expect(match(`{ "any_of": [${x}, ${y}] }`)).toBe(match(`{ "any_of": [${y}, ${x}] }`))
  expect(match('{ "http.body": { "contains": { "base64": "aGk=" } } }')).toBe(
    match('{ "http.body": { "contains": "hi" } }'),
  )
  // How many conditions there are decides where a rule stands among others.
  expect(match(`[${x}, ${x}]`)).not.toBe(match(`[${x}]`))
  expect(match(`{ "any_of": [${x}, ${y}] }`)).not.toBe(match(`[${x}, ${y}]`))
})

test('sees every part of TLS and of a terminator', () => {
  const rule = (keys: string): string => hash(`{ "rules": [{ "name": "a", "listen": [":443"], ${keys} }] }`)
  const close = '"terminate": { "type": "close" }'
  const tls = (keys: string): string => rule(`${close}, "tls": { ${keys} }`)
  const proxy = (keys: string): string => rule(`"terminate": { "type": "http_proxy", "upstream": "x:1"${keys} }`)
  const hashes = [
    rule(close),
    tls('"cert_file": "c", "key_file": "k"'),
    tls('"cert_file": "c", "key_file": "l"'),
    tls('"cert_file": "c", "key_file": "k", "ocsp_fetch": true'),
    tls('"sni": "a", "managed": {}'),
    proxy(''),
    proxy(', "tls": {}'),
    proxy(', "dns": { "nameservers": ["192.0.2.1"] }'),
    proxy(', "retry": { "max_attempts": 2 }'),
    proxy(', "version": "h2"'),
    rule('"terminate": { "type": "websocket", "upstream": "x:1" }'),
    rule('"terminate": { "type": "redirect_https" }'),
    rule('"terminate": { "type": "redirect_https", "port": 8443 }'),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(proxy(', "retry": { "max_attempts": 1, "backoff": "none" }')).toBe(proxy(''))
  expect(tls('"key_file": "k", "cert_file": "c", "ocsp_fetch": false')).toBe(hashes[1])
})

test('a middleware’s defaults are equal to their absence', () => {
  const use = (args: string): string =>
    `{ "rules": [${A.replace('"name"', `"middleware_chain": [{ "use": "forward_client_ip"${args} }], "name"`)}] }`
  expect(hash(use(', "args": { "strip_inbound_forwarded": true }'))).toBe(hash(use('')))
  expect(hash(use(', "args": { "strip_inbound_forwarded": false }'))).not.toBe(hash(use('')))
  expect(hash(use(', "on_error": "close"'))).not.toBe(hash(use('')))
})

test.each([
  ['name', '"name": "a"', '"name": "c"'],
  ['listener', ':80', ':81'],
  ['upstream', 'x:1', 'x:2'],
  ['priority', '"name"', '"priority": 1, "name"'],
  ['limit', '"name"', '"max_body_bytes_response": 1, "name"'],
  ['timeout', '"x:1"', '"x:1", "timeouts": { "total": "1s" }'],
  ['host', '"x:1"', '"x:1", "host": "upstream"'],
  ['match', '"name"', '"match": { "http.host": { "equals": "a" } }, "name"'],
])('sees another %s', (_name, from, to) => {
  expect(A).toContain(from)
  expect(hash(`{ "rules": [${A.replace(from, to)}, ${B}] }`)).not.toBe(one)
})
