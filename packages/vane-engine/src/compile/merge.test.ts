import { expect, test } from 'vitest'
import { parseRuleFile } from 'vane-core'
import { expand } from './expand.ts'
import { merge } from './merge.ts'

const file = (path: string, order: number, ...names: string[]): ReturnType<typeof expand> => {
  const rules = names.map((name) => ({ name, listen: [':80'], terminate: { type: 'close' } }))
  return expand(parseRuleFile({ path, text: JSON.stringify({ order, rules }, null, 1) }).file!)
}

test('files are put together by order, then by name', () => {
  const { rules, diagnostics } = merge([file('c.json', 0, 'c'), file('a.json', 1, 'a'), file('b.json', 0, 'b1', 'b2')])
  expect(rules.map((rule) => rule.name)).toEqual(['b1', 'b2', 'c', 'a'])
  expect(diagnostics).toEqual([])
})

test('a name that occurs twice shows both places', () => {
  const { diagnostics } = merge([file('b.json', 0, 'x', 'y'), file('a.json', 0, 'z', 'y')])
  expect(diagnostics).toMatchObject([
    {
      code: 'duplicate-rule',
      message: 'the rule name "y" is taken',
      span: { file: 'b.json', line: 14, column: 12 },
      related: [{ span: { file: 'a.json', line: 14, column: 12 } }],
    },
  ])
})

test('a name three times over is reported twice, each time against the first', () => {
  const { diagnostics } = merge([file('a.json', 0, 'x', 'x', 'x')])
  expect(diagnostics.map((diagnostic) => diagnostic.related?.[0]?.span.line)).toEqual([5, 5])
})
