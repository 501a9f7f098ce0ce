import type { PluginKind } from 'vane-core'

import { HANDLE } from './contract-types.ts'
import { isCompatibleVersion, parseInterfaceName, type InterfaceVersion } from './interface-name.ts'

const CONTRACT_VERSION: InterfaceVersion = { major: 0, minor: 1, patch: 0 }

/** Full names of the contract's interfaces that a component exports. */
export interface CheckedExports {
  readonly registry: string
  /** A kind that is absent has no handler. */
  readonly handlers: Readonly<Partial<Record<PluginKind, string>>>
}

/**
 * Finds the contract's interfaces among a component's exports. Other exports are left alone: toolchains add their own.
 *
 * @returns the reason for a refusal as text, or the names.
 */
export function checkExports(exportedInstances: readonly string[]): CheckedExports | string {
  const registry = findNewest(exportedInstances, 'vane:plugin/registry')
  if (registry === undefined) return 'exports no vane:plugin/registry@0.1.x: not a Vane plugin'
  const handlers: Partial<Record<PluginKind, string>> = {}
  for (const kind of Object.keys(HANDLE) as PluginKind[]) {
    const name = findNewest(exportedInstances, `vane:plugin/handler-${kind}`)
    if (name !== undefined) handlers[kind] = name
  }
  return { registry, handlers }
}

function findNewest(names: readonly string[], id: string): string | undefined {
  let newest: { readonly name: string; readonly patch: number } | undefined
  for (const name of names) {
    const parsed = parseInterfaceName(name)
    if (parsed?.id !== id || parsed.version === undefined) continue
    if (!isCompatibleVersion(parsed.version, CONTRACT_VERSION)) continue
    if (newest === undefined || parsed.version.patch > newest.patch) newest = { name, patch: parsed.version.patch }
  }
  return newest?.name
}
