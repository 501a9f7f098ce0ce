import { METER_EXPORTS } from '../instrument/meter-names.ts'
import { CHUNK_SHIFT } from '../instrument/reset-code.ts'
import type { ModuleState } from '../instrument/rewrite-module.ts'

interface SavedTable {
  readonly table: WebAssembly.Table
  readonly entries: readonly unknown[]
}

/**
 * The state of one core instance at one moment: its memory, mutable globals and tables. Memory and globals are kept and put back by
 * functions that rewriting has added to the module, which copy only what was written to since (`instrument/reset-code.ts`).
 */
export class CoreSnapshot {
  /** Whether everything could be kept. */
  readonly isComplete: boolean
  readonly #restore: WebAssembly.ExportedFunction | undefined
  readonly #tables: SavedTable[] = []

  /** @param savesTables whether any code of the component can change tables. */
  constructor({ exports }: WebAssembly.Instance, state: ModuleState, savesTables: boolean) {
    const save = exports[METER_EXPORTS.save] as WebAssembly.ExportedFunction
    this.isComplete = !state.hasReset || save() === 1
    if (state.hasReset) this.#restore = exports[METER_EXPORTS.restore] as WebAssembly.ExportedFunction
    if (!savesTables) return
    for (const index of state.tables) {
      const table = exports[METER_EXPORTS.table + index] as WebAssembly.Table
      this.#tables.push({ table, entries: Array.from({ length: table.length }, (_, i) => table.get(i)) })
    }
  }

  /** Puts everything back; answers how many bytes it copied, or −1 where that was impossible: what has grown cannot shrink again. */
  restore(): number {
    const copied = this.#restore === undefined ? 0 : (this.#restore() as number)
    if (copied < 0) return -1
    for (const { table, entries } of this.#tables) {
      if (table.length !== entries.length) return -1
      for (let i = 0; i < entries.length; i++) if (table.get(i) !== entries[i]) table.set(i, entries[i])
    }
    return copied
  }
}

/** What one core instance has written into the memory of another: its marks belong into that one's map before a reset. */
export class ForeignMarks {
  readonly #from: Int32Array
  readonly #to: Int32Array

  /** To be made when the owner of the memory has been saved, which its map may have grown for. */
  constructor({ exports: from }: WebAssembly.Instance, { exports: to }: WebAssembly.Instance) {
    const memory = to[METER_EXPORTS.memory] as WebAssembly.Memory
    const words = memory.buffer.byteLength >>> (CHUNK_SHIFT + 2)
    this.#from = new Int32Array((from[METER_EXPORTS.map] as WebAssembly.Memory).buffer, 0, words)
    this.#to = new Int32Array((to[METER_EXPORTS.map] as WebAssembly.Memory).buffer, 0, words)
    this.#from.fill(0)
  }

  /** Moves the marks. */
  move(): void {
    const from = this.#from
    const to = this.#to
    for (let i = 0; i < from.length; i++) {
      if (from[i] === 0) continue
      to[i]! |= from[i]!
      from[i] = 0
    }
  }
}
