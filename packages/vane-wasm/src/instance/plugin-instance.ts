import type { PluginCallOptions, PluginKind } from 'vane-core'

import type { GlueInstantiate } from '../component/glue.ts'
import type { LoadedComponent } from '../component/loaded-component.ts'
import { InstanceHost } from '../host/instance-host.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import { instantiate, type RawInstance } from './instantiate.ts'
import { InstanceSnapshot } from './snapshot.ts'

/** What it takes to make an instance for calls. */
export interface PluginInstanceOptions {
  readonly component: LoadedComponent
  readonly glue: GlueInstantiate
  readonly host: PluginHost
  readonly exportName: string
  /** Constant for the instance's life. */
  readonly argsJson: string
  /** Whether it is to be put back after each call. */
  readonly isStateless: boolean
}

/** One call as an instance takes it. */
export interface InstanceCall {
  readonly kind: PluginKind
  readonly exportName: string
  readonly input: object
  readonly options: PluginCallOptions | undefined
}

/** An instance of a component together with its host functions. Whoever holds it calls it; nobody else may. */
export class PluginInstance {
  readonly #host: InstanceHost
  readonly #raw: RawInstance
  readonly #snapshot: InstanceSnapshot | undefined
  #isBusy: boolean = false

  /** @throws whatever went wrong while instantiating. */
  constructor({ component, glue, host, exportName, argsJson, isStateless }: PluginInstanceOptions) {
    const { plan, modules, metadata, canReset } = component
    this.#host = new InstanceHost({ plan, host, version: metadata.version, exportName, argsJson })
    this.#raw = instantiate({ glue, plan, modules, imports: this.#host.imports })
    this.#host.endCall()
    const { coreInstances, handleTables } = this.#raw
    this.#snapshot = isStateless && canReset ? InstanceSnapshot.take(coreInstances, handleTables) : undefined
  }

  /** Bytes that {@link reset} copies; `undefined` if it never succeeds. */
  get resetBytes(): number | undefined {
    return this.#snapshot?.size
  }

  /** Puts the instance back to how it was after initialisation; answers whether that was possible. */
  reset(): boolean {
    return this.#snapshot?.restore() ?? false
  }

  /** Reason that a host function gave for a trap, if one did. */
  get trapReason(): string | undefined {
    return this.#host.trapReason
  }

  /**
   * Enters the plugin. Must be followed by {@link leave} once the answer is there, be it a value, a promise or an exception.
   *
   * @returns what the plugin answered, unchecked, or a promise of it.
   */
  enter({ kind, exportName, input, options }: InstanceCall): unknown {
    if (this.#isBusy) throw new Error('the instance is already running a call')
    const handler = this.#raw.handlers[kind]
    if (handler === undefined) throw new Error(`the component has no handler for kind ${kind}`)
    this.#isBusy = true
    this.#host.beginCall(options)
    return handler(exportName, input)
  }

  /** Ends the call that {@link enter} began. */
  leave(): void {
    this.#isBusy = false
    this.#host.endCall()
  }
}
