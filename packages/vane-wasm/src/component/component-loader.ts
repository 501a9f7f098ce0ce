import { basename } from 'node:path'

import type { ModuleId } from 'vane-core'

import { Codecs } from '../abi/codecs.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import type { CoreLimits } from '../instrument/core-limits.ts'
import { askMetadata } from './ask-metadata.ts'
import { build, type BuildTools } from './build.ts'
import type { LoadedComponent, PluginShape } from './loaded-component.ts'
import { readComponent, statComponent } from './read-component.ts'

/** A component in this thread: what was loaded, and what cannot be posted to another. */
export interface ComponentEntry {
  readonly component: LoadedComponent
  readonly codecs: Codecs
  readonly host: PluginHost
}

/** What a {@link ComponentLoader} uses. */
export interface ComponentLoaderOptions extends BuildTools {
  readonly maxComponentBytes: number
  /** Gives a plugin its host functions; asked once for each load. */
  readonly hostFor: (shape: PluginShape) => PluginHost
  /** Limits of the plugin whose file is called so, without `.wasm`. */
  readonly limitsFor: (stem: string) => CoreLimits
}

interface Known {
  /** Changes when the file does, or the limits it was rewritten for. */
  readonly stamp: string
  readonly entry: ComponentEntry
}

/** Loads components and remembers them by the path of their file. */
export class ComponentLoader {
  readonly #options: ComponentLoaderOptions
  readonly #known: Map<string, Known> = new Map()
  readonly #loading: Map<string, Promise<ComponentEntry>> = new Map()
  #loads: number = 0

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
    if (known?.stamp === this.#stampOf(canonical, stamp)) return known.entry
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

  /** How often a component has been loaded from its file. */
  get loads(): number {
    return this.#loads
  }

  /** What was loaded last from a file, if anything. */
  get(module: ModuleId): ComponentEntry | undefined {
    return this.#known.get(module)?.entry
  }

  async #loadFile(path: string): Promise<ComponentEntry> {
    const file = await readComponent(path, this.#options.maxComponentBytes)
    const limits = this.#options.limitsFor(basename(path, '.wasm'))
    const stamp = this.#stampOf(path, file.stamp)
    const compiled = await build(file, limits, this.#options)
    const codecs = new Codecs()
    const host = this.#options.hostFor(compiled.shape)
    const metadata = await askMetadata({ compiled, codecs, host })
    const entry: ComponentEntry = { component: { ...compiled, metadata }, codecs, host }
    this.#known.set(path, { stamp, entry })
    this.#loads++
    return entry
  }

  #stampOf(path: string, fileStamp: string): string {
    return `${fileStamp} ${JSON.stringify(this.#options.limitsFor(basename(path, '.wasm')))}`
  }
}
