import {
  PluginTrapError,
  type BytesView,
  type L4BytesDecision,
  type L4BytesInput,
  type L4PeekDecision,
  type L4PeekInput,
  type L7RequestDecision,
  type L7RequestInput,
  type L7ResponseDecision,
  type L7ResponseInput,
  type MaybePromise,
  type PluginCallOptions,
  type PluginCallSite,
  type PluginExport,
  type PluginKind,
} from 'vane-core'

import type { PluginLog } from '../host/plugin-log.ts'
import type { InstancePool } from '../pool/instance-pool.ts'
import { callPlugin, type CallTarget } from './call-plugin.ts'
import type { DecisionByKind } from './check-decision.ts'

/** The input of each kind of handler. */
export interface InputByKind {
  readonly 'l4-peek': L4PeekInput
  readonly 'l4-bytes': L4BytesInput
  readonly 'l7-request': L7RequestInput
  readonly 'l7-response': L7ResponseInput
}

/** What a {@link CallSite} is made of. */
export interface CallSiteOptions {
  readonly pluginExport: PluginExport
  readonly version: string
  /** Bytes of a body that the export is shown. */
  readonly maxBodyBytes: number
  readonly pool: InstancePool
  readonly log: PluginLog
  /** Called once, at the first `release`. */
  readonly onRelease: () => void
}

/** One place that calls an export. */
export class CallSite implements PluginCallSite {
  readonly #options: CallSiteOptions
  readonly #target: CallTarget<PluginKind>
  #isReleased: boolean = false

  constructor(options: CallSiteOptions) {
    this.#options = options
    const { pool, pluginExport } = options
    this.#target = { pool, kind: pluginExport.kind, onDroppedHeaders: this.#warnOfDropped }
  }

  l4Peek(input: L4PeekInput, options?: PluginCallOptions): MaybePromise<L4PeekDecision> {
    return this.call('l4-peek', input, options)
  }

  l4Bytes(input: L4BytesInput, options?: PluginCallOptions): MaybePromise<L4BytesDecision> {
    return this.call('l4-bytes', input, options)
  }

  l7Request(input: L7RequestInput, options?: PluginCallOptions): MaybePromise<L7RequestDecision> {
    return this.call('l7-request', input, options)
  }

  l7Response(input: L7ResponseInput, options?: PluginCallOptions): MaybePromise<L7ResponseDecision> {
    return this.call('l7-response', input, options)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#options.onRelease()
  }

  /** Calls the export as one of a kind; another kind than its own is a trap. */
  call<K extends PluginKind>(
    kind: K,
    input: InputByKind[K],
    options?: PluginCallOptions,
  ): MaybePromise<DecisionByKind[K]> {
    const { pluginExport } = this.#options
    if (this.#isReleased) throw new PluginTrapError(`export ${pluginExport.name}: the call site is released`)
    if (pluginExport.kind !== kind) {
      throw new PluginTrapError(
        `export ${pluginExport.name} is of kind ${pluginExport.kind} and cannot be called as ${kind}`,
      )
    }
    // Of this kind, as has been found.
    return callPlugin(this.#target as CallTarget<K>, this.#bounded(input), options)
  }

  /** An export sees no body that it did not declare, and no more of one than its limit, whoever calls. */
  #bounded(input: InputByKind[PluginKind]): object {
    if ('bytes' in input) {
      const bytes = this.#cut(input.bytes)
      return bytes === input.bytes ? input : { ...input, bytes }
    }
    if (!('body' in input) || input.body === undefined) return input
    const body = this.#options.pluginExport.needsBody ? this.#cut(input.body) : undefined
    return body === input.body ? input : { ...input, body }
  }

  #cut(view: BytesView): BytesView {
    const { maxBodyBytes } = this.#options
    return view.data.length <= maxBodyBytes ? view : { data: view.data.subarray(0, maxBodyBytes), truncated: true }
  }

  readonly #warnOfDropped = (names: readonly string[], options: PluginCallOptions | undefined): void => {
    const { log, pluginExport, version } = this.#options
    log.write({
      level: 'warn',
      message: `header fields that are the host's to set were dropped: ${names.join(', ')}`,
      fields: [],
      source: { version, exportName: pluginExport.name, connectionId: options?.connectionId },
    })
  }
}
