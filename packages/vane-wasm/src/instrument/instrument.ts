import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { measureFunctions } from './compile-effort.ts'
import { shareLimits, type CoreLimits } from './core-limits.ts'
import { readCoreModule, type CoreModule } from './core-module.ts'
import { rewriteModule, type InstrumentedModule } from './rewrite-module.ts'

/** Changes whenever the same module would be rewritten differently: part of every cache key. */
export const INSTRUMENTER_VERSION = 12

/**
 * Reads the core modules of a component.
 *
 * @throws BinaryFormatError for a module that is not valid; UnsupportedError for one that uses a proposal that is not
 * supported.
 */
export function readCoreModules(modules: readonly Uint8Array[]): CoreModule[] {
  // A module that is not valid as it came could refer to what rewriting appends to it.
  modules.forEach(assertValid)
  return modules.map((bytes) => {
    const module = readCoreModule(bytes)
    return { ...module, ...measureFunctions(module) }
  })
}

/**
 * Rewrites the core modules of a component so that they run on fuel and stay within `limits`.
 *
 * @param instances number of the module that each core instance of the component is made of.
 * @throws BinaryFormatError, UnsupportedError; InitialMemoryError for a component that begins larger than the limit.
 */
export function instrument(
  modules: readonly CoreModule[],
  instances: readonly number[],
  limits: CoreLimits,
): InstrumentedModule[] {
  const caps = shareLimits(modules, instances, limits)
  // One module's exception may be another's, or the host's: a stack that overflows there.
  const callsMayThrow = modules.some(({ catches }) => catches)
  return modules.map((module, number) => rewriteModule(module, caps[number]!, callsMayThrow))
}

function assertValid(bytes: Uint8Array, number: number): void {
  if (WebAssembly.validate(bytes)) return
  throw new BinaryFormatError(`core module ${number} is not valid: ${whyInvalid(bytes)}`)
}

function whyInvalid(bytes: Uint8Array): string {
  try {
    void new WebAssembly.Module(bytes)
    return 'the engine does not say why'
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, '') : String(error)
  }
}
