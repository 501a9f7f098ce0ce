import {
  PluginTrapError,
  type MaybePromise,
  type PluginCallOptions,
  type PluginError,
  type PluginKind,
} from 'vane-core'

import type { PluginInstance } from '../instance/plugin-instance.ts'
import type { InstancePool } from '../pool/instance-pool.ts'
import { CHECK_DECISION, type DecisionByKind } from './check-decision.ts'
import { toReturnedError, toTrap } from './to-plugin-error.ts'

/** Where a call goes. */
export interface CallTarget<K extends PluginKind> {
  readonly pool: InstancePool
  readonly kind: K
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
  const { pool } = target
  const instance = pool.acquire()
  let answer: unknown
  try {
    answer = instance.enter({ input, options })
  } catch (error) {
    throw lose(pool, instance, toTrap(error))
  }
  if (!(answer instanceof Promise)) return finish(target, instance, { answer, options })
  return answer.then(
    (value: unknown) => finish(target, instance, { answer: value, options }),
    (error: unknown) => {
      throw lose(pool, instance, toTrap(error))
    },
  )
}

/** @param answer a result of the contract's: by the types that were checked when the component was loaded. */
function finish<K extends PluginKind>(
  target: CallTarget<K>,
  instance: PluginInstance,
  { answer, options }: { readonly answer: unknown; readonly options: PluginCallOptions | undefined },
): DecisionByKind[K] {
  const { pool, kind, onDroppedHeaders } = target
  const { tag, val } = answer as { readonly tag: 'ok' | 'err'; readonly val: unknown }
  if (tag === 'err') {
    const error = toReturnedError(val)
    if (error.case === 'trap') throw lose(pool, instance, error)
    keep(pool, instance)
    throw error
  }
  const checked = CHECK_DECISION[kind](val)
  if (typeof checked === 'string') throw lose(pool, instance, new PluginTrapError(checked))
  if (checked.droppedHeaders.length > 0) onDroppedHeaders(checked.droppedHeaders, options)
  keep(pool, instance)
  return checked.decision
}

function keep(pool: InstancePool, instance: PluginInstance): void {
  instance.leave()
  pool.giveBack(instance)
}

function lose(pool: InstancePool, instance: PluginInstance, error: PluginError): PluginError {
  instance.leave()
  pool.discard(instance)
  return error
}
