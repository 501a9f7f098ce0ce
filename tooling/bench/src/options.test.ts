import { expect, test } from 'vitest'
import { parseOptions, UsageError } from './options.ts'

test('the defaults, the quick run, and a flag over the quick run', () => {
  expect(parseOptions([], 'r.json')).toEqual({
    seconds: 8,
    rounds: 5,
    connections: 32,
    only: undefined,
    plugin: undefined,
    json: 'r.json',
  })
  expect(parseOptions(['--', '--quick', '--rounds', '1', '--only', 'nginx,vaned'], 'r.json')).toMatchObject({
    seconds: 2,
    rounds: 1,
    only: ['nginx', 'vaned'],
  })
  expect(parseOptions(['--help'], 'r.json')).toBeUndefined()
})

test.each([[['--seconds', '0']], [['--rounds', 'two']], [['--connections', '1.5']], [['--fast']], [['nginx']]])(
  '%j is refused',
  (args) => {
    expect(() => parseOptions(args, 'r.json')).toThrow(UsageError)
  },
)
