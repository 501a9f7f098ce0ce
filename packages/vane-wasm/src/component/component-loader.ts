import type { ModuleId } from 'vane-core'

import type { PluginHost } from '../host/plugin-host.ts'
import { analyze } from './analyze.ts'
import { askMetadata } from './ask-metadata.ts'
import { build, type BuildTools } from './build.ts'
import { compileGlue, type GlueInstantiate } from './glue.ts'
import type { ComponentPlan, LoadedComponent } from './loaded-component.ts'
import { readComponent, statComponent } from './read-component.ts'

/** A component in this thread: what was loaded, and what cannot be posted to another. */
export interface ComponentEntry {
  readonly component: LoadedComponent
  readonly glue: GlueInstantiate
  readonly host: PluginHost
}

/** What a {@link ComponentLoader} uses. */
export interface ComponentLoaderOptions extends BuildTools {
  readonly maxComponentBytes: number
  /** Gives a plugin its host functions; asked once for each load. */
  readonly hostFor: (plan: ComponentPlan) => PluginHost
}

interface Known {
  readonly stamp: string
  readonly entry: ComponentEntry
}

/** Loads components and remembers them by the path of their file. */
export class ComponentLoader {
  readonly #options: ComponentLoaderOptions
  readonly #known: Map<string, Known> = new Map()
  readonly #loading: Map<string, Promise<ComponentEntry>> = new Map()

  constructor(options: ComponentLoaderOptions) {
    this.#options = options
  }

  /**
   * Loads a component; a file that has not changed since answers from memory. One that has changed is loaded anew, and until that
   * has worked the old one stays.
   *
   * @throws VaneError of kind `compile`.
   */
  async load(path: string): Promise<ComponentEntry> {
    const { path: canonical, stamp } = await statComponent(path)
    const known = this.#known.get(canonical)
    if (known?.stamp === stamp) return known.entry
    const running = this.#loading.get(canonical)
    if (running !== undefined) return await running
    const loading = this.#loadFile(canonical)
    this.#loading.set(canonical, loading)
    try {
      return await loading
    } finally {
      this.#loading.delete(canonical)
    }
  }

  /** What was loaded last from a file, if anything. */
  get(module: ModuleId): ComponentEntry | undefined {
    return this.#known.get(module)?.entry
  }

  async #loadFile(path: string): Promise<ComponentEntry> {
    const file = await readComponent(path, this.#options.maxComponentBytes)
    const analysis = analyze(file)
    const transpiled = await build(file, analysis, this.#options)
    const { plan } = analysis
    const glue = compileGlue(transpiled.glueScript, plan.stem)
    const host = this.#options.hostFor(plan)
    const metadata = await askMetadata({ plan, transpiled, glue, host })
    const entry: ComponentEntry = { component: { ...transpiled, plan, metadata }, glue, host }
    this.#known.set(path, { stamp: file.stamp, entry })
    return entry
  }
}
