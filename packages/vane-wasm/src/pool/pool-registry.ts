import type { Logger, PluginExport, WasmPoolSummary } from 'vane-core'

import type { ComponentEntry } from '../component/component-loader.ts'
import type { LoadedComponent } from '../component/loaded-component.ts'
import { PluginInstance } from '../instance/plugin-instance.ts'
import type { PluginLimits } from '../plugin-limits.ts'
import { InstanceBudget, type InstanceCaps } from './instance-budget.ts'
import type { InstancePool, PoolOptions } from './instance-pool.ts'
import { StatefulPool } from './stateful-pool.ts'
import { StatelessPool } from './stateless-pool.ts'

/** Which calls a pool is for. */
export interface PoolRequest {
  readonly entry: ComponentEntry
  readonly pluginExport: PluginExport
  readonly argsJson: string
  readonly limits: PluginLimits
}

/** A pool that is held until `release` is called, once. */
export interface PoolLease {
  readonly pool: InstancePool
  readonly release: () => void
}

interface SharedPool {
  readonly pool: StatelessPool
  holders: number
}

// One in use and one ready behind it, where instances are used again.
const SPARES_WITH_RESET = 2
// Where each call uses one up, enough for a burst within one turn of the event loop.
const SPARES_WITHOUT_RESET = 4

/** All pools of a runtime: a stateful one for each call site, a stateless one for each module, export and arguments. */
export class PoolRegistry {
  readonly #budget: InstanceBudget
  readonly #logger: Logger
  readonly #pools: Set<InstancePool> = new Set()
  // By component, not by file: after a reload the file's name stands for another component.
  readonly #shared: WeakMap<ComponentEntry, Map<string, SharedPool>> = new WeakMap()

  constructor(caps: InstanceCaps, logger: Logger) {
    this.#budget = new InstanceBudget(caps)
    this.#logger = logger
  }

  lease(request: PoolRequest): PoolLease {
    return request.pluginExport.stateless ? this.#leaseShared(request) : this.#leaseOwn(request)
  }

  snapshot(): WasmPoolSummary[] {
    return Array.from(this.#pools, (pool) => pool.summary())
  }

  close(): void {
    for (const pool of this.#pools) pool.close()
    this.#pools.clear()
  }

  #leaseOwn(request: PoolRequest): PoolLease {
    const pool = new StatefulPool({ ...toPoolOptions(request), budget: this.#budget, size: request.limits.pool })
    this.#pools.add(pool)
    return { pool, release: () => this.#drop(pool) }
  }

  #leaseShared(request: PoolRequest): PoolLease {
    const ofComponent = this.#shared.get(request.entry) ?? new Map<string, SharedPool>()
    this.#shared.set(request.entry, ofComponent)
    const key = JSON.stringify([request.pluginExport.name, request.argsJson])
    const shared = ofComponent.get(key) ?? this.#createShared(request)
    ofComponent.set(key, shared)
    shared.holders++
    return {
      pool: shared.pool,
      release: () => {
        if (--shared.holders > 0) return
        ofComponent.delete(key)
        this.#drop(shared.pool)
      },
    }
  }

  #createShared(request: PoolRequest): SharedPool {
    const pool = new StatelessPool({
      ...toPoolOptions(request),
      budget: this.#budget,
      logger: this.#logger,
      spares: canReset(request.entry.component) ? SPARES_WITH_RESET : SPARES_WITHOUT_RESET,
    })
    this.#pools.add(pool)
    return { pool, holders: 0 }
  }

  #drop(pool: InstancePool): void {
    pool.close()
    this.#pools.delete(pool)
  }
}

/** Whether instances can be put back to their beginning, as far as can be told without one. */
function canReset({ plan, states }: LoadedComponent): boolean {
  return plan.steps.every(({ module }) => states[module]?.isIrreversible === false)
}

function toPoolOptions({ entry, pluginExport, argsJson, limits }: PoolRequest): PoolOptions {
  const { component, codecs, host } = entry
  const { name: exportName, kind, stateless: isStateless } = pluginExport
  const { cpuMsPerCall } = limits
  const options = {
    component,
    codecs,
    host,
    exportName,
    kind,
    argsJson,
    isStateless,
    cpuMsPerCall,
    experience: { hasGrown: false },
  }
  return { module: component.shape.moduleId, exportName, create: () => new PluginInstance(options) }
}
