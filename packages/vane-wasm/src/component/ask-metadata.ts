import { PLUGIN_KINDS, type PluginMetadata } from 'vane-core'

import type { Codecs } from '../abi/codecs.ts'
import { toTrap } from '../call/to-plugin-error.ts'
import { InstanceHost } from '../host/instance-host.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import { ComponentInstance } from '../instance/component-instance.ts'
import { Meter } from '../instance/meter.ts'
import { parseMetadata } from './check-metadata.ts'
import { loadError } from './load-error.ts'
import type { CompiledComponent } from './loaded-component.ts'

/** Whom to ask. */
export interface AskMetadataOptions {
  readonly compiled: CompiledComponent
  readonly codecs: Codecs
  readonly host: PluginHost
}

/** CPU time of start functions, and that of `get-metadata`: ample for an interpreter that starts, and no nuisance. */
export const LOAD_CPU_MS = 1000

/**
 * Makes an instance, asks it for its metadata and drops it.
 *
 * @throws VaneError of kind `compile` if that fails or the metadata are refused.
 */
export async function askMetadata({ compiled, codecs, host }: AskMetadataOptions): Promise<PluginMetadata> {
  const { shape, plan, modules } = compiled
  const file = shape.moduleId
  const instanceHost = new InstanceHost({ host, version: undefined, exportName: undefined, argsJson: '{}' })
  const meter = new Meter()
  let what = 'instantiating the component failed'
  let answer: unknown
  try {
    meter.begin(LOAD_CPU_MS)
    const instance = new ComponentInstance({ plan, modules, host: instanceHost, codecs, meter, isAsync: shape.isAsync })
    what = 'get-metadata failed'
    meter.begin(LOAD_CPU_MS)
    // A promise where the component imports a function that waits, although this host lets none wait here.
    answer = await instance.export(shape.registry, 'get-metadata')?.([])
  } catch (error) {
    throw loadError(file, `${what}: ${toTrap(error).message}`, { cause: error })
  } finally {
    instanceHost.endCall()
  }
  return parseMetadata(answer, {
    file,
    handlerKinds: new Set(PLUGIN_KINDS.filter((kind) => shape.handlers[kind] !== undefined)),
  })
}
