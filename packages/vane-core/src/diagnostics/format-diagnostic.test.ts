import { expect, test } from 'vitest'
import { formatDiagnostic, formatDiagnostics, sortDiagnostics, SourceText, type Diagnostic } from 'vane-core'

const text = '{\n  "prioriti": 3\n}'
const source = new SourceText({ path: 'rules/a.json', text })
const problem: Diagnostic = {
  severity: 'error',
  code: 'unknown-key',
  message: 'unknown key "prioriti"',
  span: source.span(4, 10),
  path: 'rules[0].prioriti',
  suggestion: 'did you mean "priority"?',
  related: [{ message: 'the rule begins here', span: source.span(0, 1) }],
}

test('shows message, place, frame, related places and help', () => {
  expect(formatDiagnostic(problem, { sources: new Map([['rules/a.json', text]]) })).toBe(
    [
      'error[unknown-key]: unknown key "prioriti"',
      ' --> rules/a.json:2:3 (rules[0].prioriti)',
      '  |',
      '2 |   "prioriti": 3',
      '  |   ^^^^^^^^^^',
      '  = note: the rule begins here',
      ' --> rules/a.json:1:1',
      '  |',
      '1 | {',
      '  | ^',
      '  = help: did you mean "priority"?',
    ].join('\n'),
  )
})

test('does without a source and without a place', () => {
  const { span: _span, related: _related, path: _path, ...bare } = problem
  expect(formatDiagnostic(bare)).toBe('error[unknown-key]: unknown key "prioriti"\n  = help: did you mean "priority"?')
  expect(formatDiagnostic(problem)).toContain('--> rules/a.json:2:3')
})

test('names in messages cannot steer a terminal', () => {
  expect(formatDiagnostic({ ...problem, message: 'a\u001b[2J\nb', suggestion: '\u0007' })).not.toMatch(/[\u001b\u0007]/)
})

test('several are counted', () => {
  const warning: Diagnostic = { severity: 'warning', code: 'x', message: 'y' }
  expect(formatDiagnostics([])).toBe('')
  expect(formatDiagnostics([warning])).toMatch(/^warning\[x\]: y\n\n1 warning$/)
  expect(formatDiagnostics([problem, problem, warning]).split('\n').at(-1)).toBe('2 errors, 1 warning')
})

test('are sorted by file and place, those without a place first', () => {
  const at = (path: string, offset: number): Diagnostic => ({
    ...problem,
    message: `${path}${offset}`,
    span: { ...source.span(offset, 1), file: path },
  })
  const sorted = sortDiagnostics([
    at('b', 1),
    at('a', 9),
    { severity: 'error', code: 'x', message: 'none' },
    at('a', 10),
    at('a', 2),
  ])
  expect(sorted.map((diagnostic) => diagnostic.message)).toEqual(['none', 'a2', 'a9', 'a10', 'b1'])
})

test('what was expected is told, unless the message tells it', () => {
  const base = { severity: 'error', code: 'unknown-value', message: 'unknown version "h9"' } as const
  expect(formatDiagnostic({ ...base, expected: 'one of auto, h1' })).toContain('\n  = expected: one of auto, h1')
  expect(formatDiagnostic({ ...base, message: 'must be one of auto, h1', expected: 'one of auto, h1' })).not.toContain(
    '= ',
  )
})
