import { expect, test } from 'vitest'
import { compile } from './compile.ts'

function hash(...files: string[]): string {
  const { graph, diagnostics } = compile({
    files: files.map((text, index) => ({ path: `rules/${index}.jsonc`, text })),
  })
  expect(diagnostics).toEqual([])
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
  ['other spellings of one listener', `{ "rules": [${A.replace(':80', 'tcp::080')}, ${B}] }`],
])('does not see %s', (_name, text) => {
  expect(hash(text)).toBe(one)
})

test('does not see how rules are spread over files', () => {
  expect(hash(`{ "rules": [${A}] }`, `{ "rules": [${B}] }`)).toBe(one)
  expect(hash(`{ "rules": [${B}] }`, `{ "rules": [${A}] }`)).toBe(one)
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
