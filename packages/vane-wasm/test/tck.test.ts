import { CONTEXT_PATHS } from 'vane-core'
import { openTck, tckCases, type Tck } from 'vane-plugin-sdk/tck'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { vaneWasmHost } from './_tck-host.ts'

let tck: Tck

beforeAll(async () => {
  tck = await openTck(vaneWasmHost)
})
afterAll(() => tck.close())

// Some cases load dozens of components, each of which is taken apart in a thread of its own.
test.each(tckCases)('$name: $proves', { timeout: 120_000 }, async (tckCase) => {
  await tck.run(tckCase)
})

test('the names of cases are unique', () => {
  const names = tckCases.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('there is a case for every context path', () => {
  const prefix = 'contract/inspects-'
  const cases = tckCases.flatMap(({ name }) => (name.startsWith(prefix) ? name.slice(prefix.length) : []))
  const paths = CONTEXT_PATHS.map(({ path }) => path.replace('<name>', 'name').replaceAll(/[._]/g, '-'))
  expect(cases.toSorted()).toEqual(paths.toSorted())
})
