import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTree, type ParseError } from 'jsonc-parser'
import { describe, expect, test } from 'vitest'
import { compileReport } from '../src/compile-example.ts'
import { readFences } from '../src/read-fences.ts'
import { listPages, ROOT } from '../src/repository.ts'

/** Plugins that pages other than `docs/rules.md` name. */
const PLUGINS = {
  'gate:require-key': 'l7-request',
  'gate:stamp': 'l7-response',
  'hello:stamp': 'l7-response',
  'hello-ts:greet': 'l7-request',
  'hello-ts:stamp': 'l7-response',
} as const

// The page of errors is full of what is wrong on purpose; a test of vane-engine runs each of its examples.
const pages = (await listPages()).filter((page) => page !== 'docs/errors.md')

describe.each(pages)('%s', async (page) => {
  const fences = readFences(await readFile(join(ROOT, page), 'utf8'))
  const examples = fences.filter(({ language, marks }) => language.startsWith('json') && !marks.includes('refused'))

  test('every example is JSON, and rules in it compile', () => {
    for (const { text, line, language } of examples) {
      const errors: ParseError[] = []
      const comments = language === 'jsonc'
      const root = parseTree(text, errors, { disallowComments: !comments, allowTrailingComma: comments })
      expect([line, errors]).toEqual([line, []])
      // One without rules shows something else.
      const isRuleFile =
        root?.children?.some(
          ({ children }) => children?.[0]?.value === 'rules' && children[1]?.children?.length !== 0,
        ) === true
      if (isRuleFile) expect([line, compileReport(text, PLUGINS)]).toEqual([line, ''])
    }
  })
})
