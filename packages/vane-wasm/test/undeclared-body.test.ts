import { watPlugin } from 'vane-fixtures'
import { expect, test } from 'vitest'

import { bodyOf, loadPlugin, REQUEST } from './_setup.ts'

test('a body that an export did not declare is not shown to it, by whichever way it is called', async () => {
  const { runtime, module } = await loadPlugin(
    await watPlugin({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: { 'l7-request': { answer: 'short', body: { echo: 'body' } } },
    }),
  )
  const input = { ...REQUEST, body: { data: Buffer.from('secret'), truncated: false } }
  const site = await runtime.prepareCallSite(module, 'x', '{}')
  expect(await bodyOf(site.l7Request(input))).toBe('none')
  // The first of these makes a call site, and the second one uses it.
  for (let n = 0; n < 2; n++) expect(await bodyOf(runtime.invokeL7Request(module, 'x', '{}', input))).toBe('none')
})
