import { PLUGIN_KINDS, type PluginMetadata } from 'vane-core'

import { toPluginError } from '../call/to-plugin-error.ts'
import { InstanceHost } from '../host/instance-host.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import { instantiate } from '../instance/instantiate.ts'
import { parseMetadata } from './check-metadata.ts'
import type { GlueInstantiate } from './glue.ts'
import { loadError } from './load-error.ts'
import type { ComponentPlan, TranspiledComponent } from './loaded-component.ts'

/** Whom to ask. */
export interface AskMetadataOptions {
  readonly plan: ComponentPlan
  readonly transpiled: TranspiledComponent
  readonly glue: GlueInstantiate
  readonly host: PluginHost
}

const TIMEOUT_MS = 10_000

/**
 * Makes an instance, asks it for its metadata and drops it.
 *
 * @throws VaneError of kind `compile` if that fails or the metadata are refused.
 */
export async function askMetadata({ plan, transpiled, glue, host }: AskMetadataOptions): Promise<PluginMetadata> {
  const file = plan.moduleId
  const instanceHost = new InstanceHost({ plan, host, version: undefined, exportName: undefined, argsJson: '{}' })
  let what = 'instantiating the component failed'
  let answer: unknown
  try {
    const instance = instantiate({ glue, plan, modules: transpiled.modules, imports: instanceHost.imports })
    what = 'get-metadata failed'
    // Toolchains with an asynchronous runtime answer a promise even where nothing waits.
    answer = await withTimeout(instance.getMetadata())
  } catch (error) {
    throw loadError(file, `${what}: ${toPluginError(error, instanceHost.trapReason).message}`, { cause: error })
  } finally {
    instanceHost.endCall()
  }
  if (instanceHost.trapReason !== undefined) throw loadError(file, `${what}: plugin trap: ${instanceHost.trapReason}`)
  return parseMetadata(answer, {
    file,
    handlerKinds: new Set(PLUGIN_KINDS.filter((kind) => plan.handlers[kind] !== undefined)),
  })
}

async function withTimeout(answer: unknown): Promise<unknown> {
  if (!(answer instanceof Promise)) return answer
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
  try {
    return (await Promise.race([answer, late.promise])) as unknown
  } finally {
    clearTimeout(timer)
  }
}
