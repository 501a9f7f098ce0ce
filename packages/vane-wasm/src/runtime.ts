import {
  PluginExhaustedError,
  PluginPolicyTable,
  PluginTrapError,
  SILENT_LOGGER,
  VaneError,
  type HttpFetchBackend,
  type L4BytesDecision,
  type L4BytesInput,
  type L4PeekDecision,
  type L4PeekInput,
  type L7RequestDecision,
  type L7RequestInput,
  type L7ResponseDecision,
  type L7ResponseInput,
  type Logger,
  type MaybePromise,
  type ModuleId,
  type PluginCallSite,
  type PluginHttpPolicy,
  type PluginKind,
  type PluginMetadata,
  type PluginMetrics,
  type WasmFetchStats,
  type WasmFetchSummary,
  type WasmPoolStats,
  type WasmPoolSummary,
  type WasmRuntime,
} from 'vane-core'

import { CallSite, type InputByKind } from './call/call-site.ts'
import { CallSites, isExhaustion } from './call/call-sites.ts'
import type { DecisionByKind } from './call/check-decision.ts'
import { ComponentCache } from './component/cache.ts'
import { ComponentLoader } from './component/component-loader.ts'
import type { PluginShape } from './component/loaded-component.ts'
import { Preparer } from './component/preparer.ts'
import { DEFAULT_MAX_COMPONENT_BYTES } from './component/read-component.ts'
import { createPluginHost, type PluginHost } from './host/plugin-host.ts'
import { toCoreLimits, toPluginLimits, type PluginLimits } from './plugin-limits.ts'
import { PoolRegistry } from './pool/pool-registry.ts'

/** Everything a runtime may be given; all of it is optional. */
export interface WasmRuntimeOptions extends PluginSettings {
  /** Folder for the cache of components that were taken apart, `<stateDir>/wasm`; without one, each load begins anew. */
  readonly stateDir?: string
  /** Makes plugins' requests; without it, each one fails with `internal`. */
  readonly httpFetch?: HttpFetchBackend
  /** Where plugins' lines and the runtime's own warnings go; without it, nowhere. */
  readonly logger?: Logger
  /** Where plugins' metrics go; without it, nowhere. */
  readonly metrics?: PluginMetrics
  /** Instances of all stateless pools together. Default 32. */
  readonly maxStatelessInstances?: number
  /** All instances together. Default 1024: each reserves some 20 GB of address space, of which there are 128 TB. */
  readonly maxInstances?: number
  /** Default 64 MiB. */
  readonly maxComponentBytes?: number
  /** Time for taking one component apart. Default 60 s. */
  readonly prepareTimeoutMs?: number
}

/** What an operator says of plugins, by stem. */
export interface PluginSettings {
  /** Which hosts plugins may fetch from; without it, none. */
  readonly policies?: PluginPolicyTable
  /** Limits by stem: the name of the file without `.wasm`. */
  readonly limits?: Readonly<Record<string, Partial<PluginLimits>>>
}

/** A {@link WasmRuntime} whose pools and fetches can be looked at and which can be closed. */
export interface VaneWasmRuntime extends WasmRuntime, WasmPoolStats, WasmFetchStats {
  /** Grows with each component that is loaded, or loaded anew since its file or its limits have changed. */
  readonly loads: number
  /**
   * Puts other policies and limits in force in place of all earlier ones: policies for every fetch from now on, limits for what is
   * loaded and prepared from now on.
   *
   * @throws RangeError for a limit out of range; nothing has changed then.
   */
  configure(settings: PluginSettings): void
  /**
   * Ends it: later calls are traps, fetches in flight are canceled, loads are refused. Resolves when no thread and no timer is left.
   * Calls that are running may finish.
   */
  close(): Promise<void>
}

/**
 * Creates a runtime that loads and calls plugins in this thread. The caller closes it.
 *
 * @throws RangeError for a limit out of range.
 */
export function createWasmRuntime(options: WasmRuntimeOptions = {}): VaneWasmRuntime {
  return new ThreadRuntime(options)
}

const MAX_PREPARER_THREADS = 2

interface Invocation<K extends PluginKind> {
  readonly module: ModuleId
  readonly exportName: string
  readonly argsJson: string
  readonly input: InputByKind[K]
}

class ThreadRuntime implements VaneWasmRuntime {
  readonly #options: WasmRuntimeOptions
  readonly #logger: Logger
  readonly #preparer: Preparer
  readonly #loader: ComponentLoader
  readonly #pools: PoolRegistry
  readonly #hosts: Map<ModuleId, PluginHost> = new Map()
  readonly #sites: CallSites
  #settings: PluginSettings = {}
  #isClosed: boolean = false

  constructor(options: WasmRuntimeOptions) {
    this.#options = options
    this.configure(options)
    this.#logger = options.logger ?? SILENT_LOGGER
    this.#preparer = new Preparer({
      timeoutMs: options.prepareTimeoutMs ?? 60_000,
      maxThreads: MAX_PREPARER_THREADS,
    })
    this.#loader = new ComponentLoader({
      preparer: this.#preparer,
      cache: new ComponentCache(options.stateDir, this.#logger),
      maxComponentBytes: options.maxComponentBytes ?? DEFAULT_MAX_COMPONENT_BYTES,
      hostFor: (shape) => this.#hostFor(shape),
      limitsFor: (stem) => toCoreLimits(this.#limitsOf(stem)),
    })
    const caps = { maxStateless: options.maxStatelessInstances ?? 32, maxTotal: options.maxInstances ?? 1024 }
    this.#pools = new PoolRegistry(caps, this.#logger)
    this.#sites = new CallSites({ pools: this.#pools, limitsFor: (stem) => this.#limitsOf(stem) })
  }

  async loadComponent(path: string): Promise<PluginMetadata> {
    this.#assertOpen()
    const { component } = await this.#loader.load(path)
    return component.metadata
  }

  async prepareCallSite(module: ModuleId, exportName: string, argsJson: string): Promise<PluginCallSite> {
    this.#assertOpen()
    const entry = this.#loader.get(module)
    if (entry === undefined) throw new VaneError({ kind: 'compile' }, `${module}: not loaded`)
    return await this.#sites.create(entry, exportName, argsJson)
  }

  invokeL4Peek(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L4PeekInput,
  ): MaybePromise<L4PeekDecision> {
    return this.#invoke('l4-peek', { module, exportName, argsJson, input })
  }

  invokeL4Bytes(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L4BytesInput,
  ): MaybePromise<L4BytesDecision> {
    return this.#invoke('l4-bytes', { module, exportName, argsJson, input })
  }

  invokeL7Request(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L7RequestInput,
  ): MaybePromise<L7RequestDecision> {
    return this.#invoke('l7-request', { module, exportName, argsJson, input })
  }

  invokeL7Response(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L7ResponseInput,
  ): MaybePromise<L7ResponseDecision> {
    return this.#invoke('l7-response', { module, exportName, argsJson, input })
  }

  get loads(): number {
    return this.#loader.loads
  }

  configure({ policies, limits = {} }: PluginSettings): void {
    for (const [stem, given] of Object.entries(limits)) toPluginLimits(stem, given)
    this.#settings = { ...(policies === undefined ? {} : { policies }), limits }
    for (const host of this.#hosts.values()) host.configure(this.#policyOf(host.stem), this.#limitsOf(host.stem))
  }

  snapshot(): WasmPoolSummary[] {
    return this.#pools.snapshot()
  }

  fetches(): WasmFetchSummary[] {
    return Array.from(this.#hosts).flatMap(([key, { fetcher }]) => {
      const summary = fetcher.summary()
      return summary === undefined ? [] : [{ key, ...summary }]
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#sites.releaseAll()
    this.#pools.close()
    for (const host of this.#hosts.values()) host.close()
    await this.#preparer.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new VaneError({ kind: 'canceled' }, 'the wasm runtime is closed')
  }

  #invoke<K extends PluginKind>(
    kind: K,
    { module, exportName, argsJson, input }: Invocation<K>,
  ): MaybePromise<DecisionByKind[K]> {
    if (this.#isClosed) throw new PluginTrapError('the wasm runtime is closed')
    const entry = this.#loader.get(module)
    if (entry === undefined) throw new PluginTrapError(`${module} is not loaded`)
    const site = this.#sites.implicit(entry, exportName, argsJson)
    if (site instanceof CallSite) return site.call(kind, input)
    return site.then(
      (ready) => ready.call(kind, input),
      (error: unknown) => {
        if (isExhaustion(error)) throw new PluginExhaustedError()
        throw new PluginTrapError(error instanceof Error ? error.message : String(error), { cause: error })
      },
    )
  }

  /** One for each plugin, kept over reloads of its file, so that a reload resets no limit. */
  #hostFor(shape: PluginShape): PluginHost {
    const known = this.#hosts.get(shape.moduleId)
    if (known !== undefined) return known
    const { httpFetch, metrics } = this.#options
    const host = createPluginHost({
      stem: shape.stem,
      logger: this.#logger,
      metrics,
      httpFetch,
      policy: this.#policyOf(shape.stem),
      limits: this.#limitsOf(shape.stem),
    })
    this.#hosts.set(shape.moduleId, host)
    return host
  }

  #policyOf(stem: string): PluginHttpPolicy {
    return (this.#settings.policies ?? PluginPolicyTable.empty()).getOrDefault(stem)
  }

  #limitsOf(stem: string): PluginLimits {
    const { limits = {} } = this.#settings
    return toPluginLimits(stem, Object.hasOwn(limits, stem) ? limits[stem] : undefined)
  }
}
