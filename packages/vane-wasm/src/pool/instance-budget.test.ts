import fc from 'fast-check'
import { expect, test } from 'vitest'

import { InstanceBudget } from './instance-budget.ts'

test('the caps hold whatever is taken and given back', () => {
  const step = fc.constantFrom('stateful', 'stateless', 'urgent', 'release-stateful', 'release-stateless')
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new InstanceBudget({ maxStateless: 2, maxTotal: 3 })
      let stateful = 0
      let stateless = 0
      for (const action of steps) {
        if (action === 'stateful' && budget.takeStateful()) stateful++
        if (action === 'stateless' && budget.takeStateless(false)) stateless++
        if (action === 'urgent' && budget.takeStateless(true)) stateless++
        if (action === 'release-stateful' && stateful > 0) stateful -= Number(budget.releaseStateful() === undefined)
        if (action === 'release-stateless' && stateless > 0)
          stateless -= Number(budget.releaseStateless() === undefined)
        expect(stateless).toBeLessThanOrEqual(2)
        expect(stateful + stateless).toBeLessThanOrEqual(3)
      }
      while (stateful-- > 0) budget.releaseStateful()
      while (stateless-- > 0) budget.releaseStateless()
      expect([
        budget.takeStateless(false),
        budget.takeStateless(false),
        budget.takeStateless(false),
        budget.takeStateful(),
        budget.takeStateful(),
      ]).toEqual([true, true, false, true, false])
    }),
  )
})

test('who is in need takes from those who have to spare, in turn', () => {
  const budget = new InstanceBudget({ maxStateless: 4, maxTotal: 10 })
  const given: string[] = []
  for (const name of ['a', 'b']) {
    budget.takeStateless(false)
    budget.takeStateless(false)
    let idle = 2
    budget.register({
      surrender: () => {
        if (idle === 0) return false
        idle--
        given.push(name)
        budget.releaseStateless()
        return true
      },
    })
  }
  for (let n = 0; n < 4; n++) expect(budget.takeStateless(true)).toBe(true)
  expect(given).toEqual(['a', 'b', 'a', 'b'])
  expect(budget.takeStateless(true)).toBe(false)
})
