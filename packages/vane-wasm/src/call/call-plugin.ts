import {
  isPluginError,
  PluginTrapError,
  type MaybePromise,
  type PluginCallOptions,
  type PluginError,
  type PluginKind,
} from 'vane-core'

import type { PluginInstance } from '../instance/plugin-instance.ts'
import type { InstancePool } from '../pool/instance-pool.ts'
import { CHECK_DECISION, type DecisionByKind } from './check-decision.ts'
import { toPluginError } from './to-plugin-error.ts'

/** Where a call goes. */
export interface CallTarget<K extends PluginKind> {
  readonly pool: InstancePool
  readonly kind: K
  readonly exportName: string
  /** Told of header fields that the plugin may not set and that have been left out. */
  readonly onDroppedHeaders: (names: readonly string[], options: PluginCallOptions | undefined) => void
}

/**
 * Calls a plugin with an instance of its own for as long as the call takes. A plugin that does not wait answers at once, without a
 * promise.
 *
 * @throws PluginError and nothing else; or rejects with one.
 */
export function callPlugin<K extends PluginKind>(
  target: CallTarget<K>,
  input: object,
  options: PluginCallOptions | undefined,
): MaybePromise<DecisionByKind[K]> {
  const { pool, kind, exportName } = target
  const instance = pool.acquire()
  let answer: unknown
  try {
    answer = instance.enter({ kind, exportName, input, options })
  } catch (error) {
    throw fail(pool, instance, error)
  }
  if (!(answer instanceof Promise)) return finish(target, instance, { answer, options })
  return answer.then(
    (value: unknown) => finish(target, instance, { answer: value, options }),
    (error: unknown) => {
      throw fail(pool, instance, error)
    },
  )
}

function finish<K extends PluginKind>(
  target: CallTarget<K>,
  instance: PluginInstance,
  { answer, options }: { readonly answer: unknown; readonly options: PluginCallOptions | undefined },
): DecisionByKind[K] {
  // A plugin may catch the exception of a host function and go on as if nothing had happened.
  if (instance.trapReason !== undefined) throw fail(target.pool, instance, undefined)
  const checked = CHECK_DECISION[target.kind](answer)
  if (typeof checked === 'string') throw fail(target.pool, instance, new PluginTrapError(checked))
  if (checked.droppedHeaders.length > 0) target.onDroppedHeaders(checked.droppedHeaders, options)
  instance.leave()
  target.pool.giveBack(instance)
  return checked.decision
}

function fail(pool: InstancePool, instance: PluginInstance, thrown: unknown): PluginError {
  instance.leave()
  const error = isPluginError(thrown) ? thrown : toPluginError(thrown, instance.trapReason)
  if (error.case === 'plugin') pool.giveBack(instance)
  else pool.discard(instance)
  return error
}
