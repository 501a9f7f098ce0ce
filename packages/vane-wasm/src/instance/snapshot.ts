import { STATE_EXPORT_PREFIX } from '../component/expose-state.ts'

/** Tables of resource handles that the glue keeps, one a resource type; holes where a type has none yet. */
export type HandleTables = readonly (readonly unknown[] | undefined)[]

interface SavedTable {
  readonly table: WebAssembly.Table
  readonly entries: readonly unknown[]
}

interface SavedGlobal {
  readonly global: WebAssembly.Global
  readonly value: unknown
}

interface SavedMemory {
  readonly memory: WebAssembly.Memory
  readonly image: Uint8Array
}

/**
 * Everything that calls can change in an instance, as it was after initialisation. To be taken only of components whose state is
 * known to lie in memories, globals, tables and handles.
 */
export class InstanceSnapshot {
  readonly #memories: readonly SavedMemory[]
  readonly #globals: readonly SavedGlobal[]
  readonly #tables: readonly SavedTable[]
  readonly #handleTables: HandleTables
  readonly #handles: HandleTables

  private constructor(items: ReadonlySet<unknown>, handleTables: HandleTables) {
    const all = [...items]
    this.#memories = all
      .filter((item) => item instanceof WebAssembly.Memory)
      .map((memory) => ({ memory, image: new Uint8Array(memory.buffer.slice(0)) }))
    this.#globals = all.filter((item) => item instanceof WebAssembly.Global).flatMap(saveGlobal)
    this.#tables = all
      .filter((item) => item instanceof WebAssembly.Table)
      .map((table) => ({ table, entries: Array.from({ length: table.length }, (_, index) => table.get(index)) }))
    this.#handleTables = handleTables
    this.#handles = handleTables.map((table) => table?.slice())
  }

  /**
   * Takes a snapshot of core instances whose modules went through `exposeState`.
   *
   * @returns `undefined` if some of the state cannot be read from JavaScript, such as a global that holds a vector.
   */
  static take(instances: readonly WebAssembly.Instance[], handleTables: HandleTables): InstanceSnapshot | undefined {
    const items = new Set<unknown>()
    for (const { exports } of instances) {
      for (const [name, item] of Object.entries(exports)) if (name.startsWith(STATE_EXPORT_PREFIX)) items.add(item)
    }
    try {
      return new InstanceSnapshot(items, handleTables)
    } catch {
      return undefined
    }
  }

  /** Bytes that {@link restore} copies. */
  get size(): number {
    return this.#memories.reduce((sum, { image }) => sum + image.length, 0)
  }

  /** Puts everything back; answers whether that was possible. What has grown cannot shrink again. */
  restore(): boolean {
    if (!this.#isSameSize() || !isSameHandles(this.#handleTables, this.#handles)) return false
    for (const { memory, image } of this.#memories) new Uint8Array(memory.buffer).set(image)
    for (const { global, value } of this.#globals) global.value = value
    for (const { table, entries } of this.#tables) {
      for (let index = 0; index < entries.length; index++) {
        if (table.get(index) !== entries[index]) table.set(index, entries[index])
      }
    }
    return true
  }

  #isSameSize(): boolean {
    return (
      this.#memories.every(({ memory, image }) => memory.buffer.byteLength === image.length) &&
      this.#tables.every(({ table, entries }) => table.length === entries.length)
    )
  }
}

/** A global that cannot be read throws and spoils the snapshot; one that cannot be written needs no saving. */
function saveGlobal(global: WebAssembly.Global): SavedGlobal[] {
  const value = global.value
  try {
    global.value = value
  } catch {
    return []
  }
  return [{ global, value }]
}

function isSameHandles(now: HandleTables, then: HandleTables): boolean {
  if (now.length !== then.length) return false
  return now.every((table, index) => {
    const before = then[index]
    if (table === undefined || before === undefined) return table === before
    return table.length === before.length && table.every((entry, at) => entry === before[at])
  })
}
