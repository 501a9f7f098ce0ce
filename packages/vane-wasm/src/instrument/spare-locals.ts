import type { ByteWriter } from '../binary/byte-writer.ts'
import { TYPE } from './instructions.ts'

/** Types of the locals that may be added, in their order. */
const TYPES = [TYPE.i32, TYPE.i32, TYPE.i32, TYPE.i64, TYPE.f64, TYPE.f32, TYPE.v128] as const

/** Locals that rewriting adds to a function behind all others, so that no index shifts: as many as turn out to be needed. */
export class SpareLocals {
  readonly #base: number
  #count: number = 0

  /** @param base number of locals that the function has, parameters included. */
  constructor(base: number) {
    this.#base = base
  }

  /** Number of locals that are needed. */
  get count(): number {
    return this.#count
  }

  /** An i32. */
  get first(): number {
    return this.#take(0)
  }

  /** Another i32. */
  get second(): number {
    return this.#take(1)
  }

  /** And another. */
  get third(): number {
    return this.#take(2)
  }

  /** One that holds a value of a type, besides {@link first}. */
  of(type: number): number {
    return this.#take(TYPES.findIndex((each, i) => i > 0 && each === type))
  }

  /** Writes their declarations, each a group of its own. */
  write(out: ByteWriter): void {
    for (const type of TYPES.slice(0, this.#count)) {
      out.u32(1)
      out.u8(type)
    }
  }

  #take(i: number): number {
    this.#count = Math.max(this.#count, i + 1)
    return this.#base + i
  }
}
