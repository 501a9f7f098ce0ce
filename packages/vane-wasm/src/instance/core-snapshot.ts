import { METER_EXPORTS } from '../instrument/meter-names.ts'
import type { ModuleState } from '../instrument/rewrite-module.ts'

interface SavedMemory {
  readonly memory: WebAssembly.Memory
  readonly image: Uint8Array
  /** Bytes of the memory, as long as nothing has asked it to grow. */
  bytes: Uint8Array
}

interface SavedGlobal {
  readonly global: WebAssembly.Global
  readonly value: unknown
}

interface SavedTable {
  readonly table: WebAssembly.Table
  readonly entries: readonly unknown[]
}

/** The state of one core instance at one moment: its memory, mutable globals and tables. */
export class CoreSnapshot {
  readonly #memories: SavedMemory[] = []
  readonly #globals: SavedGlobal[] = []
  readonly #tables: SavedTable[] = []

  /** @param savesTables whether any code of the component can change tables. */
  constructor({ exports }: WebAssembly.Instance, state: ModuleState, savesTables: boolean) {
    if (state.ownsMemory) {
      const memory = exports[METER_EXPORTS.memory] as WebAssembly.Memory
      const bytes = new Uint8Array(memory.buffer)
      this.#memories.push({ memory, image: bytes.slice(), bytes })
    }
    for (const index of state.globals) {
      const global = exports[METER_EXPORTS.global + index] as WebAssembly.Global
      this.#globals.push({ global, value: global.value })
    }
    if (!savesTables) return
    for (const index of state.tables) {
      const table = exports[METER_EXPORTS.table + index] as WebAssembly.Table
      this.#tables.push({ table, entries: Array.from({ length: table.length }, (_, i) => table.get(i)) })
    }
  }

  /** Bytes that {@link restore} copies. */
  get size(): number {
    return this.#memories.reduce((sum, { image }) => sum + image.length, 0)
  }

  /** Puts everything back; answers whether that was possible. What has grown cannot shrink again. */
  restore(): boolean {
    for (const saved of this.#memories) {
      // Empty, or detached by growing, be it by nothing.
      if (saved.bytes.length === 0) saved.bytes = new Uint8Array(saved.memory.buffer)
      if (saved.bytes.length !== saved.image.length) return false
      saved.bytes.set(saved.image)
    }
    for (const { global, value } of this.#globals) global.value = value
    for (const { table, entries } of this.#tables) {
      if (table.length !== entries.length) return false
      for (let i = 0; i < entries.length; i++) if (table.get(i) !== entries[i]) table.set(i, entries[i])
    }
    return true
  }
}
