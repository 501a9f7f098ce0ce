import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parsePattern } from 'vane-core'

const page = readFileSync(new URL('../../../docs/patterns.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(.*?)` \| `(.*?)` \| `(.*?)` \| .+ \|$/gm)].map(
  (match) => match.slice(1).map((cell) => cell.replaceAll('\\|', '|')) as [string, string, string],
)

test('the page has the syntax', () => {
  expect(rows.length).toBe(page.match(/^\| `/gm)?.length)
  expect(rows.length).toBeGreaterThan(25)
})

test.each(rows)('%s matches %j and not %j', (pattern, yes, no) => {
  const parsed = parsePattern(pattern)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  expect(parsed.value.test(yes)).toBe(true)
  expect(parsed.value.test(no)).toBe(false)
})

test('what the page says there is not, there is not', () => {
  for (const [, pattern] of /look-around \((.*?)\)/.exec(page)![1]!.matchAll(/`(.*?)`/g)) {
    expect(parsePattern(`a${pattern}b)`)).toMatchObject({ problem: { code: 'invalid-pattern' } })
  }
  expect(parsePattern('(a)\\1')).toMatchObject({ problem: { code: 'invalid-pattern' } })
})
