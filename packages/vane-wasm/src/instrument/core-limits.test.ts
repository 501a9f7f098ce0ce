import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { InitialMemoryError, shareLimits } from './core-limits.ts'
import type { CoreModule } from './core-module.ts'

const PAGE = 65_536

function module(pages: number | undefined, tables: readonly number[] = [], max?: number): CoreModule {
  return {
    memory: pages === undefined ? undefined : { min: pages, max },
    tables: tables.map((min) => ({ element: 0x70, min, max })),
  } as unknown as CoreModule
}

describe('memory', () => {
  test('one memory gets all there is', () => {
    expect(shareLimits([module(3)], [0], { maxMemoryBytes: 16 * PAGE, maxTableElements: 0 })[0]?.maxPages).toBe(16)
  })

  test('a maximum that it declares is kept', () => {
    expect(shareLimits([module(3, [], 5)], [0], { maxMemoryBytes: 16 * PAGE, maxTableElements: 0 })[0]?.maxPages).toBe(
      5,
    )
  })

  test('only whole pages count', () => {
    const limits = { maxMemoryBytes: 4 * PAGE - 1, maxTableElements: 0 }
    expect(shareLimits([module(3)], [0], limits)[0]?.maxPages).toBe(3)
    expect(() => shareLimits([module(4)], [0], limits)).toThrow(InitialMemoryError)
  })

  test('what counts is how often a module is instantiated, not how often it is defined', () => {
    const limits = { maxMemoryBytes: 16 * PAGE, maxTableElements: 0 }
    expect(shareLimits([module(9)], [], limits)).toHaveLength(1)
    expect(() => shareLimits([module(9)], [0, 0], limits)).toThrow(expect.objectContaining({ neededBytes: 18 * PAGE }))
    expect(() => shareLimits([module(0)], Array<number>(9).fill(0), limits)).toThrow('more than 8 memories')
  })
})

test('tables are counted together', () => {
  const limits = { maxMemoryBytes: 0, maxTableElements: 100 }
  expect(shareLimits([module(undefined, [60])], [0], limits)[0]?.maxElements).toEqual([100])
  expect(() => shareLimits([module(undefined, [60])], [0, 0], limits)).toThrow(
    'tables of 120 elements, more than the limit of 100',
  )
  expect(() => shareLimits([module(undefined, Array<number>(65).fill(0))], [0], limits)).toThrow('more than 64 tables')
})

test('whatever is shared, the shares are no more than there is, and no module gets less than it begins with', () => {
  const modules = fc.array(
    fc.record({ pages: fc.option(fc.nat(40)), tables: fc.array(fc.nat(50), { maxLength: 3 }) }),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(
      modules,
      fc.array(fc.nat(3), { maxLength: 8 }),
      fc.nat(300),
      fc.nat(400),
      (given, steps, pages, elements) => {
        const all = given.map((one) => module(one.pages ?? undefined, one.tables))
        const used = steps.map((step) => step % all.length)
        let caps: ReturnType<typeof shareLimits>
        try {
          caps = shareLimits(all, used, { maxMemoryBytes: pages * PAGE, maxTableElements: elements })
        } catch (error) {
          const needed = used.reduce((sum, number) => sum + (all[number]?.memory?.min ?? 0), 0)
          const neededElements = used.reduce(
            (sum, number) => sum + (all[number]?.tables ?? []).reduce((more, { min }) => more + min, 0),
            0,
          )
          expect(needed > pages || neededElements > elements, String(error)).toBe(true)
          return
        }
        expect(used.reduce((sum, number) => sum + (caps[number]?.maxPages ?? 0), 0)).toBeLessThanOrEqual(pages)
        const allElements = used.flatMap((number) => caps[number]?.maxElements ?? [])
        expect(allElements.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(elements)
        for (const number of used) {
          expect(caps[number]?.maxPages).toBeGreaterThanOrEqual(all[number]?.memory?.min ?? 0)
          for (const [i, { min }] of (all[number]?.tables ?? []).entries())
            expect(caps[number]?.maxElements[i]).toBeGreaterThanOrEqual(min)
        }
      },
    ),
  )
})
