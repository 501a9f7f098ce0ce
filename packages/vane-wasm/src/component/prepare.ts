import type { PluginKind } from 'vane-core'

import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import { InitialMemoryError, type CoreLimits } from '../instrument/core-limits.ts'
import type { CoreModule } from '../instrument/core-module.ts'
import { instrument, readCoreModules } from '../instrument/instrument.ts'
import type { InstrumentedModule } from '../instrument/rewrite-module.ts'
import type { CoreSort } from '../parse/component-binary.ts'
import { parseComponent } from '../parse/parse-component.ts'
import { makePlan, type CoreExport } from '../plan/make-plan.ts'
import type { ComponentPlan } from '../plan/plan.ts'
import { checkExports, type CheckedExports } from './check-exports.ts'
import { checkExportedFunctions, checkImportedFunctions } from './check-functions.ts'
import { checkImports, listImports } from './check-imports.ts'
import { parseInterfaceName } from './interface-name.ts'
import { whyNotComponent } from './preamble.ts'
import { quoteName } from './quote-name.ts'
import { Refusal } from './refusal.ts'

/** A component taken apart and made ready to be compiled. Plain data. */
export interface PreparedComponent {
  readonly plan: ComponentPlan
  /** Instrumented core modules, in the plan's order. */
  readonly modules: readonly InstrumentedModule[]
  /** Full name of the exported registry. */
  readonly registry: string
  /** Full names of the exported handler interfaces. */
  readonly handlers: Readonly<Partial<Record<PluginKind, string>>>
  /** Whether it imports `http-fetch`: its calls then answer promises. */
  readonly isAsync: boolean
}

/**
 * Checks everything about a component that can be checked without running it, and instruments its core modules.
 *
 * @throws Refusal, and nothing else whatever the bytes are.
 */
export function prepare(bytes: Uint8Array, limits: CoreLimits): PreparedComponent {
  const notComponent = whyNotComponent(bytes)
  if (notComponent !== undefined) throw new Refusal(notComponent)
  try {
    return prepareComponent(bytes, limits)
  } catch (error) {
    throw error instanceof BinaryFormatError ? new Refusal(toReason(error), { cause: error }) : error
  }
}

function prepareComponent(bytes: Uint8Array, limits: CoreLimits): PreparedComponent {
  const component = parseComponent(bytes)
  refuse(checkImports(listImports(component)))
  const { plan, coreModules, coreExports } = makePlan(component)
  refuse(checkImportedFunctions(plan.imports))
  const exports = toExports(plan)
  refuse(checkExportedFunctions(plan.exports, exports))
  const steps = plan.steps.map(({ module }) => module)
  const read = readCoreModules(coreModules)
  assertCoreExports(coreExports, (step) => read[steps[step]!]!)
  return { plan, modules: instrument(read, steps, limits), ...exports, isAsync: importsFetch(plan) }
}

const EXPORT_KINDS: readonly CoreSort[] = ['func', 'table', 'memory', 'global', 'tag']

function assertCoreExports(coreExports: readonly CoreExport[], moduleOf: (step: number) => CoreModule): void {
  for (const { step, sort, name } of coreExports) {
    const kind = moduleOf(step).exports.get(name)
    if (kind !== undefined && EXPORT_KINDS[kind] === sort) continue
    throw new BinaryFormatError(`a core instance has no ${sort} of the name ${quoteName(name)} that an alias gives`)
  }
}

function toExports(plan: ComponentPlan): CheckedExports {
  const exports = checkExports([...plan.exports.keys()])
  if (typeof exports === 'string') throw new Refusal(exports)
  return exports
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new Refusal(reason)
}

function importsFetch({ imports }: ComponentPlan): boolean {
  return Array.from(imports).some(
    ([name, functions]) => parseInterfaceName(name)?.id === 'vane:host/host' && functions.has('http-fetch'),
  )
}

const BYTES_PER_MB = 1024 * 1024

function toReason(error: BinaryFormatError): string {
  if (error instanceof InitialMemoryError) {
    const neededMb = Math.ceil(error.neededBytes / BYTES_PER_MB)
    return `${error.message}: the plugin needs memory_mb of at least ${neededMb} in wasm/limits.json`
  }
  if (error instanceof UnsupportedError) return `the component uses what this host does not support: ${error.message}`
  return `malformed component: ${error.message}`
}
