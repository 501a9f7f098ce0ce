import { rawWatPlugin, watModule } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { Codecs } from '../src/abi/codecs.ts'
import { ComponentInstance } from '../src/instance/component-instance.ts'
import type { HostImports } from '../src/instance/host-imports.ts'
import { Meter } from '../src/instance/meter.ts'
import { instrument, readCoreModules } from '../src/instrument/instrument.ts'
import { parseComponent } from '../src/parse/parse-component.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import { DEFAULT_PLUGIN_LIMITS, toCoreLimits } from '../src/plugin-limits.ts'
import { openRuntime, writeComponent } from './_setup.ts'

const MARK = 'vaneHostileNameRan'
const NAMES: readonly string[] = [
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

/** A component whose core modules are linked by such a name. */
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

describe('names of core imports and exports that mean something elsewhere', () => {
  test.each(NAMES)('%j is a name like any other', async (name) => {
    const path = await writeComponent(await pluginWith(name))
    expect(await openRuntime().loadComponent(path)).toMatchObject({ name: 'fixture' })
    expect(MARK in globalThis).toBe(false)
  })

  test.each(NAMES)('%j links what it should', async (name) => {
    const { plan, coreModules } = makePlan(parseComponent(await rawWatPlugin({ wat: linkedBy(name) })))
    const steps = plan.steps.map(({ module }) => module)
    const modules = instrument(readCoreModules(coreModules), steps, toCoreLimits(DEFAULT_PLUGIN_LIMITS))
    const host: HostImports = { find: () => () => undefined, isSuspending: () => false }
    const instance = new ComponentInstance({
      plan,
      modules: modules.map(({ bytes }) => new WebAssembly.Module(bytes)),
      host,
      codecs: new Codecs(),
      meter: new Meter(),
      isAsync: false,
    })
    expect(instance.fault).toBeUndefined()
  })

  test('names that only the meter may give are refused', async () => {
    for (const name of ['vane:meter/fuel', 'vane:meter/x']) {
      const path = await writeComponent(await pluginWith(name))
      await expect(openRuntime().loadComponent(path)).rejects.toThrow('a name that is reserved for metering')
    }
    const borrowed = `(component
      (core module $a)
      (core instance $ia (instantiate $a))
      (core instance (export "fuel" (global $ia "vane:meter/fuel"))))`
    const bytes = await rawWatPlugin({ wat: borrowed })
    expect(() => makePlan(parseComponent(bytes))).toThrow('a name that is reserved for metering')
  })
})
