import { parseWat } from 'vane-plugin-sdk/build'

import { Codecs } from '../src/abi/codecs.ts'
import { ComponentInstance } from '../src/instance/component-instance.ts'
import type { HostFunction } from '../src/instance/host-imports.ts'
import { Meter } from '../src/instance/meter.ts'
import { instrument, readCoreModules } from '../src/instrument/instrument.ts'
import type { ModuleState } from '../src/instrument/rewrite-module.ts'
import { parseComponent } from '../src/parse/parse-component.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import { AMPLE } from './_core.ts'

/** A component outside of any pool. */
export interface OpenComponent {
  readonly instance: ComponentInstance
  readonly meter: Meter
  readonly states: readonly ModuleState[]
  /** Calls a function of an exported interface. */
  call(interfaceName: string, name: string, ...args: unknown[]): unknown
}

/** What a component is instantiated with. */
export interface OpenOptions {
  /** Functions of the host, by interface and name as they are in the binary: `a:b/c#d`. */
  readonly host?: Readonly<Record<string, HostFunction>>
  /** Those of them that answer a promise. */
  readonly suspending?: readonly string[]
  readonly limitMs?: number
}

/** Instantiates a component, whatever world it is of. */
export function openComponent(
  bytes: Uint8Array,
  { host = {}, suspending = [], limitMs = 1000 }: OpenOptions = {},
): OpenComponent {
  const { plan, coreModules } = makePlan(parseComponent(bytes))
  const steps = plan.steps.map(({ module }) => module)
  const modules = instrument(readCoreModules(coreModules), steps, AMPLE)
  const meter = new Meter()
  meter.begin(limitMs)
  const instance = new ComponentInstance({
    plan,
    modules: modules.map((module) => new WebAssembly.Module(module.bytes)),
    host: {
      find: (interfaceName, name) => {
        const found = host[`${interfaceName}#${name}`]
        if (found === undefined) throw new Error(`the test has no ${interfaceName}#${name}`)
        return found
      },
      isSuspending: (interfaceName, name) => suspending.includes(`${interfaceName}#${name}`),
    },
    codecs: new Codecs(),
    meter,
    isAsync: suspending.length > 0,
  })
  return {
    instance,
    meter,
    states: modules.map(({ state }) => state),
    call: (interfaceName, name, ...args) => {
      const func = instance.export(interfaceName, name)
      if (func === undefined) throw new Error(`the component has no ${interfaceName} ${name}`)
      meter.begin(limitMs)
      return func(args)
    },
  }
}

/** Instantiates a component given as text. */
export async function openWat(wat: string, options: OpenOptions = {}): Promise<OpenComponent> {
  return openComponent(await parseWat(wat), options)
}
