import { VaneError, type MaybePromise } from 'vane-core'

import type { ComponentEntry } from '../component/component-loader.ts'
import { loadError } from '../component/load-error.ts'
import { toMaxBodyBytes, type PluginLimits } from '../plugin-limits.ts'
import type { PoolRegistry } from '../pool/pool-registry.ts'
import { CallSite } from './call-site.ts'

/** What {@link CallSites} uses. */
export interface CallSitesOptions {
  readonly pools: PoolRegistry
  /** Limits of the plugin whose file is called so, without `.wasm`. */
  readonly limitsFor: (stem: string) => PluginLimits
}

// Callers that make up arguments as they go must not grow this without end.
const MAX_IMPLICIT_SITES = 256

interface ImplicitSite {
  readonly entry: ComponentEntry
  readonly site: MaybePromise<CallSite>
}

/** Every call site of a runtime: those that were asked for, and those that `invoke*` makes for itself. */
export class CallSites {
  readonly #options: CallSitesOptions
  readonly #all: Set<CallSite> = new Set()
  /** By module, export and arguments; the one used longest ago comes first. */
  readonly #implicit: Map<string, ImplicitSite> = new Map()

  constructor(options: CallSitesOptions) {
    this.#options = options
  }

  /**
   * Makes a call site with its instances.
   *
   * @throws VaneError: `compile` for an unknown export or arguments that are no JSON object, `resource` if an instance cannot be made.
   */
  async create(entry: ComponentEntry, exportName: string, argsJson: string): Promise<CallSite> {
    const { shape, metadata } = entry.component
    const pluginExport = metadata.exports.find(({ name }) => name === exportName)
    if (pluginExport === undefined) throw loadError(shape.moduleId, 'the plugin has no such export', { exportName })
    if (!isJsonObject(argsJson))
      throw loadError(shape.moduleId, 'args are not the text of a JSON object', { exportName })
    const limits = this.#options.limitsFor(shape.stem)
    const { pool, release } = this.#options.pools.lease({ entry, pluginExport, argsJson, limits })
    const site = new CallSite({
      pluginExport,
      version: metadata.version,
      maxBodyBytes: toMaxBodyBytes(limits, pluginExport.kind),
      pool,
      log: entry.host.log,
      onRelease: () => {
        this.#all.delete(site)
        release()
      },
    })
    this.#all.add(site)
    try {
      await pool.warm()
    } catch (error) {
      site.release()
      throw error
    }
    return site
  }

  /** The call site that `invoke*` uses: at once if there is one, else a promise of it. */
  implicit(entry: ComponentEntry, exportName: string, argsJson: string): MaybePromise<CallSite> {
    const key = JSON.stringify([entry.component.shape.moduleId, exportName, argsJson])
    const known = this.#implicit.get(key)
    if (known?.entry === entry) {
      if (!(known.site instanceof CallSite)) return known.site
      // Behind all others, as the one used last.
      this.#implicit.delete(key)
      this.#implicit.set(key, known)
      return known.site
    }
    this.#forget(key)
    const pending: Promise<CallSite> = this.create(entry, exportName, argsJson).then(
      (site) => {
        if (this.#implicit.get(key)?.site === pending) this.#implicit.set(key, { entry, site })
        return site
      },
      (error: unknown) => {
        if (this.#implicit.get(key)?.site === pending) this.#implicit.delete(key)
        throw error
      },
    )
    this.#implicit.set(key, { entry, site: pending })
    for (const oldest of this.#implicit.keys()) {
      if (this.#implicit.size <= MAX_IMPLICIT_SITES) break
      this.#forget(oldest)
    }
    return pending
  }

  releaseAll(): void {
    this.#implicit.clear()
    for (const site of this.#all) site.release()
  }

  #forget(key: string): void {
    const known = this.#implicit.get(key)
    this.#implicit.delete(key)
    if (known === undefined) return
    if (known.site instanceof CallSite) known.site.release()
    // The call that waits for it comes first; those who come later find another.
    else
      void known.site.then(
        (site) => setImmediate(() => site.release()),
        () => {},
      )
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Whether a call site could not be made for want of instances, not because of what was asked. */
export function isExhaustion(error: unknown): boolean {
  return error instanceof VaneError && error.kind === 'resource'
}
