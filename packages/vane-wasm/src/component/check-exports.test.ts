import { expect, test } from 'vitest'

import { checkExports } from './check-exports.ts'

test('the newest compatible version of each interface counts; others are left alone', () => {
  expect(
    checkExports([
      'vane:plugin/registry@0.1.0',
      'vane:plugin/registry@0.1.2',
      'vane:plugin/registry@0.2.0',
      'vane:plugin/handler-l4-peek@0.1.1',
      'vane:plugin/handler-l7-request@1.0.0',
      'vane:plugin/handler-l7-response',
      'other:thing/x',
    ]),
  ).toEqual({ registry: 'vane:plugin/registry@0.1.2', handlers: { 'l4-peek': 'vane:plugin/handler-l4-peek@0.1.1' } })
})

test.each([[[]], [['vane:plugin/registry@0.2.0']], [['vane:plugin/registry']]])('%j is no plugin', (names) => {
  expect(checkExports(names)).toBe('exports no vane:plugin/registry@0.1.x: not a Vane plugin')
})
