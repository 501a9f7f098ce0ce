import { expect, test } from 'vitest'
import { INSPECTION_LEVELS, PHASE_TABLE, PLUGIN_KINDS } from 'vane-core'

test('no position is in the table twice', () => {
  const positions = PHASE_TABLE.map((row) => `${row.node} ${row.variant ?? ''} ${row.in}`)
  expect(new Set(positions).size).toBe(positions.length)
})

test('nothing leads back to an earlier phase, and only upgrade leads to L7', () => {
  const order = ['l4Raw', 'l4Peeked', 'l7Request', 'l7Response', 'tunnel']
  for (const row of PHASE_TABLE) {
    for (const [edge, to] of Object.entries(row.leads)) {
      expect(order.indexOf(to)).toBeGreaterThanOrEqual(order.indexOf(row.in))
      const entersL7 = row.in.startsWith('l4') && to.startsWith('l7')
      expect(entersL7).toBe(row.node === 'upgrade' && edge === 'next')
    }
  }
})

test('every level and every kind of middleware has a place, and only terminators have no way out', () => {
  const variants = PHASE_TABLE.map((row) => row.variant)
  expect(variants).toEqual(expect.arrayContaining([...INSPECTION_LEVELS, ...PLUGIN_KINDS]))
  for (const row of PHASE_TABLE) expect(Object.keys(row.leads).length === 0).toBe(row.node === 'terminate')
})
