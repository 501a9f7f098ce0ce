import { expect, test } from 'vitest'
import { createFindMyWayMatcher } from './find-my-way-matcher.ts'
import { makeRoutes, makeTargets } from './route-set.ts'
import { createVaneMatcher } from './vane-matcher.ts'

test('both matchers find the same requests, and vane in the same number of steps whatever the number of rules', async () => {
  for (const count of [20, 400]) {
    const routes = makeRoutes(count)
    const vane = await createVaneMatcher(routes)
    const findMyWay = createFindMyWayMatcher(routes)
    const targets = makeTargets(routes, 300)
    const found = targets.map((target) => vane.isFound(vane.find(target)))
    expect(targets.map((target) => findMyWay.isFound(findMyWay.find(target)))).toEqual(found)
    expect(new Set(found)).toEqual(new Set([true, false]))
    // Host, then path.
    expect(Math.max(...targets.map((target) => vane.stepsOf(target)))).toBe(2)
  }
})
