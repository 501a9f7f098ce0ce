import { VaneError } from 'vane-core'
import { expect, test } from 'vitest'
import { makeLogger } from './logger.ts'

function logged(err: unknown): unknown {
  const lines: string[] = []
  makeLogger('info', { write: (line) => void lines.push(line) }).error({ err }, 'failed')
  expect(lines).toHaveLength(1)
  return (JSON.parse(lines[0]!) as { readonly err: unknown }).err
}

test('an error that was put into words is written as it is', () => {
  const err = { kind: 'protocol', message: 'request body exceeds the limit of 1000 bytes' }
  expect(logged(err)).toEqual(err)
})

test('an error of ours has a stack only where it is a bug', () => {
  expect(logged(new VaneError({ kind: 'upstream', reason: 'unreachable' }, 'is down'))).not.toHaveProperty('stack')
  expect(logged(new VaneError({ kind: 'internal' }, 'cannot be'))).toHaveProperty('stack')
})

test('any other error has its stack', () => {
  expect(logged(new TypeError('x is not a function'))).toMatchObject({ type: 'TypeError', stack: expect.any(String) })
})
