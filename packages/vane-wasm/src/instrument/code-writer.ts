import type { ByteWriter } from '../binary/byte-writer.ts'
import { OP } from './instructions.ts'

/** Writes instructions one after the other. */
export class CodeWriter {
  readonly #out: ByteWriter

  constructor(out: ByteWriter) {
    this.#out = out
  }

  u8(byte: number): this {
    this.#out.u8(byte)
    return this
  }

  u32(value: number): this {
    this.#out.u32(value)
    return this
  }

  i32(value: number): this {
    this.#out.u8(OP.i32Const)
    this.#out.s32(value)
    return this
  }

  get(local: number): this {
    return this.u8(OP.localGet).u32(local)
  }

  set(local: number): this {
    return this.u8(OP.localSet).u32(local)
  }

  tee(local: number): this {
    return this.u8(OP.localTee).u32(local)
  }

  globalGet(index: number): this {
    return this.u8(OP.globalGet).u32(index)
  }

  globalSet(index: number): this {
    return this.u8(OP.globalSet).u32(index)
  }

  memorySize(memory: number): this {
    return this.u8(OP.memorySize).u32(memory)
  }

  /** A memory argument without an offset. */
  memory(align: number, index: number): this {
    return this.u8(align | 0x40)
      .u32(index)
      .u32(0)
  }

  bulk(operation: number, ...memories: number[]): this {
    this.u8(OP.prefixBulk).u32(operation)
    for (const memory of memories) this.u32(memory)
    return this
  }

  ifThen(write: () => void): this {
    this.u8(OP.if).u8(0x40)
    write()
    return this.u8(OP.end)
  }
}
