import { basename } from 'node:path'

import { toModuleId } from 'vane-core'

import type { CoreLimits } from '../instrument/core-limits.ts'
import type { ComponentCache } from './cache.ts'
import { toCacheKey } from './cache-key.ts'
import { loadError } from './load-error.ts'
import type { CompiledComponent } from './loaded-component.ts'
import type { PreparedComponent } from './prepare.ts'
import type { Preparer } from './preparer.ts'
import type { ComponentFile } from './read-component.ts'
import { Refusal } from './refusal.ts'

/** What building a component uses. */
export interface BuildTools {
  readonly preparer: Preparer
  readonly cache: ComponentCache
}

/**
 * Turns a component's file into compiled core modules and a plan: from the cache, or by taking it apart.
 *
 * @throws VaneError of kind `compile`.
 */
export async function build(
  file: ComponentFile,
  limits: CoreLimits,
  { preparer, cache }: BuildTools,
): Promise<CompiledComponent> {
  const key = toCacheKey(file.digest, limits)
  const cached = await cache.read(key)
  if (cached !== undefined) return await compile(file.path, cached)
  const prepared = await prepare(file, limits, preparer)
  const compiled = await compile(file.path, prepared)
  await cache.write(key, prepared)
  return compiled
}

async function prepare(
  { path, bytes }: ComponentFile,
  limits: CoreLimits,
  preparer: Preparer,
): Promise<PreparedComponent> {
  try {
    return await preparer.prepare({ bytes, limits })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw loadError(path, error.message, { cause: error })
  }
}

async function compile(path: string, prepared: PreparedComponent): Promise<CompiledComponent> {
  const { plan, registry, handlers, isAsync } = prepared
  let modules: WebAssembly.Module[]
  try {
    modules = await Promise.all(prepared.modules.map(({ bytes }) => WebAssembly.compile(bytes)))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw loadError(path, `a core module does not compile: ${reason}`, { cause: error })
  }
  return {
    shape: { moduleId: toModuleId(path), stem: basename(path, '.wasm'), registry, handlers, isAsync },
    plan,
    modules,
    states: prepared.modules.map(({ state }) => state),
  }
}
