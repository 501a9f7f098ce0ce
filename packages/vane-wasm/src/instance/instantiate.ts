import { PLUGIN_KINDS, type PluginKind } from 'vane-core'

import type { GlueInstantiate, InstantiateCore } from '../component/glue.ts'
import type { ComponentPlan, TranspiledComponent } from '../component/loaded-component.ts'
import type { HandleTables } from './snapshot.ts'

/** A component's own functions, as the glue gives them. What they answer is the plugin's word and nothing more. */
export interface RawInstance {
  readonly getMetadata: () => unknown
  readonly handlers: Readonly<Partial<Record<PluginKind, (name: string, input: object) => unknown>>>
  /** What it consists of. */
  readonly coreInstances: readonly WebAssembly.Instance[]
  /** Resource handles it holds. */
  readonly handleTables: HandleTables
}

/** What an instance is made of. */
export interface InstantiateOptions {
  readonly glue: GlueInstantiate
  readonly plan: ComponentPlan
  readonly modules: TranspiledComponent['modules']
  /** Host functions by interface without version. */
  readonly imports: Readonly<Record<string, unknown>>
}

/**
 * Makes an instance, synchronously. Start functions run.
 *
 * @throws whatever went wrong: a trap in a start function, address space that is used up, a function the component lacks.
 */
export function instantiate({ glue, plan, modules, imports }: InstantiateOptions): RawInstance {
  const coreInstances: WebAssembly.Instance[] = []
  const handleTables: (unknown[] | undefined)[] = []
  const create = (module: WebAssembly.Module, coreImports?: WebAssembly.Imports): WebAssembly.Instance => {
    const instance = new WebAssembly.Instance(module, coreImports)
    coreInstances.push(instance)
    return instance
  }
  const instantiateCore: InstantiateCore = Object.assign(create, { handleTables })
  const exports = glue((name) => toModule(modules, name), imports, instantiateCore)
  // jco answers a promise where instantiating itself would have to wait.
  if (exports instanceof Promise) {
    exports.catch(() => {})
    throw new Error('the component waits while it is instantiated')
  }
  const handlers: Partial<Record<PluginKind, (name: string, input: object) => unknown>> = {}
  for (const kind of PLUGIN_KINDS) {
    const interfaceName = plan.handlers[kind]
    if (interfaceName !== undefined) handlers[kind] = toFunction(exports, interfaceName, 'handle')
  }
  return { getMetadata: toFunction(exports, plan.registry, 'getMetadata'), handlers, coreInstances, handleTables }
}

function toModule(modules: TranspiledComponent['modules'], name: string): WebAssembly.Module {
  const module = modules[name]
  if (module === undefined) throw new Error(`the core module ${JSON.stringify(name)} is missing`)
  return module
}

function toFunction(exports: unknown, interfaceName: string, functionName: string): (...args: unknown[]) => unknown {
  const instance = toProperty(exports, interfaceName)
  const found = toProperty(instance, functionName)
  if (typeof found !== 'function') throw new Error(`${interfaceName} has no function ${functionName}`)
  return (...args) => Reflect.apply(found, instance, args) as unknown
}

function toProperty(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, key) as unknown) : undefined
}
