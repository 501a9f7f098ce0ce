import type { PluginKind } from 'vane-core'

import type { ComponentPlan } from '../plan/plan.ts'
import type { FunctionType } from '../plan/value-type.ts'
import type { CheckedExports } from './check-exports.ts'
import { GET_METADATA, HANDLE, HOST } from './contract-types.ts'
import { parseInterfaceName } from './interface-name.ts'
import { quoteName } from './quote-name.ts'
import { findDifference } from './same-type.ts'

/**
 * Holds the types of the functions that a component imports from the host against the contract's.
 *
 * @returns why the component is refused, or `undefined`.
 */
export function checkImportedFunctions(imports: ComponentPlan['imports']): string | undefined {
  for (const [interfaceName, functions] of imports) {
    const id = parseInterfaceName(interfaceName)?.id
    if (id !== 'vane:host/host' && id !== 'vane:plugin/types') continue
    for (const [name, type] of functions) {
      const expected = id === 'vane:host/host' ? HOST.get(name) : undefined
      if (expected === undefined) return `imports ${quoteName(name)} from ${id}, which has no such function`
      const difference = findDifference(type, expected)
      if (difference !== undefined) return `imports ${quoteName(name)} from ${id} with ${otherType(difference)}`
    }
  }
  return undefined
}

/**
 * Holds the types of the functions that a component exports for the host to call against the contract's.
 *
 * @returns why the component is refused, or `undefined`.
 */
export function checkExportedFunctions(
  exports: ComponentPlan['exports'],
  { registry, handlers }: CheckedExports,
): string | undefined {
  const wanted: (readonly [string, string, FunctionType])[] = [[registry, 'get-metadata', GET_METADATA]]
  for (const [kind, name] of Object.entries(handlers)) wanted.push([name, 'handle', HANDLE[kind as PluginKind]])
  for (const [interfaceName, name, expected] of wanted) {
    const found = exports.get(interfaceName)?.get(name)
    if (found === undefined) return `exports ${interfaceName} without the function ${name}`
    const difference = findDifference(found.type, expected)
    if (difference !== undefined) return `exports ${interfaceName} ${name} with ${otherType(difference)}`
  }
  return undefined
}

function otherType(difference: string): string {
  return `another type than the contract's (${difference})`
}
