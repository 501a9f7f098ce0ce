import type { PluginCallOptions, PluginKind } from 'vane-core'

import type { Codecs } from '../abi/codecs.ts'
import { LOAD_CPU_MS } from '../component/ask-metadata.ts'
import type { LoadedComponent } from '../component/loaded-component.ts'
import { InstanceHost } from '../host/instance-host.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import { ComponentInstance, type SavedInstance } from './component-instance.ts'
import type { GuestFunction } from './lift-function.ts'
import { Meter } from './meter.ts'

/** What it takes to make an instance for calls. */
export interface PluginInstanceOptions {
  readonly component: LoadedComponent
  readonly codecs: Codecs
  readonly host: PluginHost
  readonly exportName: string
  readonly kind: PluginKind
  /** Constant for the instance's life. */
  readonly argsJson: string
  /** Whether it is to be put back after each call. */
  readonly isStateless: boolean
  readonly cpuMsPerCall: number
  /** What earlier instances have shown; shared by those of a pool. */
  readonly experience: InstanceExperience
}

/** What instances of a pool have shown of the plugin. */
export interface InstanceExperience {
  /** Whether a call made the memory grow, so that the instance was lost: maybe by the first allocation of all. */
  hasGrown: boolean
}

/** One call as an instance takes it. */
export interface InstanceCall {
  readonly input: object
  readonly options: PluginCallOptions | undefined
}

/** An instance of a component together with its host functions. Whoever holds it calls it; nobody else may. */
export class PluginInstance {
  readonly #host: InstanceHost
  readonly #meter: Meter = new Meter()
  readonly #instance: ComponentInstance
  readonly #handler: GuestFunction
  readonly #saved: SavedInstance | undefined
  readonly #experience: InstanceExperience
  readonly #exportName: string
  readonly #cpuMsPerCall: number
  #resetBytes: number = 0
  #isBusy: boolean = false

  /** @throws whatever went wrong while instantiating. */
  constructor(options: PluginInstanceOptions) {
    const { component, host, exportName, kind, argsJson, isStateless, cpuMsPerCall, experience } = options
    const { shape, states, metadata } = component
    this.#experience = experience
    this.#exportName = exportName
    this.#cpuMsPerCall = cpuMsPerCall
    this.#host = new InstanceHost({ host, version: metadata.version, exportName, argsJson })
    this.#instance = this.#instantiate(options)
    this.#host.endCall()
    const handler = this.#instance.export(shape.handlers[kind] ?? '', 'handle')
    if (handler === undefined) throw new Error(`the component has no handler for kind ${kind}`)
    this.#handler = handler
    this.#saved = isStateless ? this.#instance.save(states) : undefined
  }

  #instantiate({ component, codecs, kind, isStateless }: PluginInstanceOptions): ComponentInstance {
    const { shape, plan, modules } = component
    const create = (): ComponentInstance => {
      this.#meter.begin(LOAD_CPU_MS)
      const { isAsync } = shape
      return new ComponentInstance({ plan, modules, host: this.#host, codecs, meter: this.#meter, isAsync })
    }
    const instance = create()
    if (!isStateless || !this.#experience.hasGrown) return instance
    this.#meter.begin(this.#cpuMsPerCall)
    try {
      instance.warmAllocator(shape.handlers[kind] ?? '', 'handle')
      return instance
    } catch {
      // A plugin that cannot allocate is for a call to find out.
      return create()
    }
  }

  /** Whether {@link reset} can succeed. */
  get canReset(): boolean {
    return this.#saved !== undefined
  }

  /** Bytes that the last {@link reset} copied, which is what it costs. */
  get resetBytes(): number {
    return this.#resetBytes
  }

  /** Puts the instance back to how it was after initialisation; answers whether that was possible. */
  reset(): boolean {
    const copied = this.#saved?.restore() ?? -1
    this.#resetBytes = Math.max(copied, 0)
    if (copied < 0 && this.#instance.fault === undefined) this.#experience.hasGrown = true
    return copied >= 0
  }

  /**
   * Enters the plugin. Must be followed by {@link leave} once the answer is there, be it a value, a promise or an exception.
   *
   * @returns a result of the contract's, or a promise of it. What is thrown means that the instance must not be used again.
   */
  enter({ input, options }: InstanceCall): unknown {
    if (this.#isBusy) throw new Error('the instance is already running a call')
    this.#isBusy = true
    this.#host.beginCall(options)
    this.#meter.begin(this.#cpuMsPerCall)
    return this.#handler([this.#exportName, input])
  }

  /** Ends the call that {@link enter} began. */
  leave(): void {
    this.#isBusy = false
    this.#host.endCall()
  }
}
