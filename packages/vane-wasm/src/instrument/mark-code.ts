import type { ByteWriter } from '../binary/byte-writer.ts'
import { OP } from './instructions.ts'
import { CHUNK_SHIFT, MAP_MEMORY, MAX_UNMARKED_OFFSET } from './reset-code.ts'
import type { SpareLocals } from './spare-locals.ts'

/**
 * Writes code that marks what the store behind it writes. The address and the value on top of the stack stay there.
 *
 * A reset allows for small offsets, and for a store that reaches into the next chunk. An address that wraps around marks a wrong
 * chunk, but then the store is a trap.
 */
export function writeMark(
  out: ByteWriter,
  { type, offset }: { readonly type: number; readonly offset: number },
  locals: SpareLocals,
): void {
  const address = locals.first
  const value = locals.of(type)
  write(out, OP.localSet, value)
  write(out, OP.localTee, address)
  if (offset > MAX_UNMARKED_OFFSET) {
    out.u8(OP.i32Const)
    out.s32(offset)
    out.u8(OP.i32Add)
  }
  out.u8(OP.i32Const)
  out.s32(CHUNK_SHIFT)
  out.u8(OP.i32ShrU)
  out.u8(OP.i32Const)
  out.s32(1)
  // Not aligned, with a memory index, without an offset.
  out.u8(OP.i32Store8)
  out.u8(0x40)
  out.u32(MAP_MEMORY)
  out.u32(0)
  write(out, OP.localGet, address)
  write(out, OP.localGet, value)
}

/** Writes code that marks what a bulk operation writes: on the stack are where, something else, and a length, and they stay. */
export function writeMarkedRange(out: ByteWriter, locals: SpareLocals, markFunction: number): void {
  const [at, other, length] = [locals.first, locals.second, locals.third]
  write(out, OP.localSet, length)
  write(out, OP.localSet, other)
  write(out, OP.localTee, at)
  write(out, OP.localGet, length)
  write(out, OP.call, markFunction)
  write(out, OP.localGet, at)
  write(out, OP.localGet, other)
  write(out, OP.localGet, length)
}

function write(out: ByteWriter, opcode: number, index: number): void {
  out.u8(opcode)
  out.u32(index)
}
