import { expect, test } from 'vitest'
import { compile } from './compile.ts'

const found = (text: string): string[] =>
  compile({ files: [{ path: 'rules/x.json', text }] }).diagnostics.map(
    ({ code, span }) => `${span?.line}:${span?.column} ${code}`,
  )

test('a rule with one mistake shows its others in the same pass', () => {
  const text = `{ "rules": [
    { "name": "a", "listen": [":0"], "middleware_chain": [{ "use": "nope" }, { "use": "rate_limit", "args": { "rte": 1 } }],
      "terminate": { "type": "close" } }
  ] }`
  expect(found(text)).toEqual(['2:31 invalid-listen', '2:68 unknown-middleware', '2:111 unknown-key'])
})

test.each([
  ['a sound rule after a broken one', '":0"', '":80"'],
  ['a broken rule after a sound one', '":80"', '":0"'],
  ['two broken rules', '":0"', '":0"'],
])('the name of %s is still one', (_name, first, second) => {
  const text = `{ "rules": [
    { "name": "a", "listen": [${first}], "terminate": { "type": "close" } },
    { "name": "a", "listen": [${second}], "terminate": { "type": "close" } }
  ] }`
  expect(found(text).filter((line) => line.endsWith('duplicate-rule'))).toEqual(['3:15 duplicate-rule'])
})

test('the middleware of a rule whose name is taken is looked at, too', () => {
  const rule = (chain: string): string =>
    `{ "name": "a", "listen": [":80"], "middleware_chain": [${chain}], "terminate": { "type": "close" } }`
  expect(found(`{ "rules": [${rule('')},\n${rule('{ "use": "nope" }')}] }`)).toEqual([
    '2:11 duplicate-rule',
    '2:65 unknown-middleware',
  ])
})

test('what is seen across rules has a path, as what is seen in one', () => {
  const rule =
    '{ "name": "a", "listen": [":80"], "middleware_chain": [{ "use": "nope" }], "terminate": { "type": "close" } }'
  const { diagnostics } = compile({ files: [{ path: 'rules/x.json', text: `{ "rules": [${rule}, ${rule}] }` }] })
  expect(diagnostics.map(({ code, path }) => `${code} ${path}`)).toEqual([
    'unknown-middleware rules[0].middleware_chain[0].use',
    'duplicate-rule rules[1].name',
    'unknown-middleware rules[1].middleware_chain[0].use',
  ])
})

test('nothing is told twice', () => {
  const text = '{ "rules": [{ "name": 7, "listen": [":80"], "middleware_chain": [7, { "use": 8 }], "terminate": {} }] }'
  expect(found(text)).toEqual(['1:23 wrong-type', '1:66 wrong-type', '1:78 wrong-type', '1:97 missing-key'])
})
