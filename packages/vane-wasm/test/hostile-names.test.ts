import { rawWatPlugin, watModule } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { openRuntime, writeComponent } from './_setup.ts'

const MARK = 'vaneHostileNameRan'
const UNSAFE: readonly string[] = [
  `a'];globalThis.${MARK}=1;['`,
  `a\\\\'];globalThis.${MARK}=1;//`,
  `a\\n globalThis.${MARK}=1;//`,
  `a\\u{2028}b`,
  'a`${globalThis}',
  '__proto__',
]

/** A plugin whose core module has one more export, under a name of the test's choice. */
async function pluginWith(name: string): Promise<Uint8Array> {
  const { wat, wit, world } = watModule({
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: { 'l7-request': { answer: 'continue' } },
    fields: `(func (export "${name}") (param i32))`,
  })
  return await rawWatPlugin({ wat, wit: { source: wit, world } })
}

/** A component that has nothing but core modules that are linked by such a name: it stands in the emitted source. */
function linkedBy(name: string): string {
  return `(component
    (core module $a (func (export "${name}")))
    (core module $b (import "${name}" "${name}" (func)))
    (core instance $ia (instantiate $a))
    (core instance $ib (instantiate $b (with "${name}" (instance (export "${name}" (func $ia "${name}"))))))
    (component $empty)
    (instance $registry (instantiate $empty))
    (export "vane:plugin/registry@0.1.0" (instance $registry)))`
}

describe('names of core imports and exports that would be source text', () => {
  test.each(UNSAFE)('%j is refused and does not run', async (name) => {
    for (const bytes of [await pluginWith(name), await rawWatPlugin({ wat: linkedBy(name) })]) {
      const path = await writeComponent(bytes)
      await expect(openRuntime().loadComponent(path)).rejects.toThrow(
        /a core module imports or exports the name .* are not allowed there/s,
      )
    }
    expect(MARK in globalThis).toBe(false)
  })

  test('names that are only unusual are accepted', async () => {
    const path = await writeComponent(await pluginWith('[weird]$name|with#signs, and spaces <T>'))
    expect(await openRuntime().loadComponent(path)).toMatchObject({ name: 'fixture' })
  })
})
