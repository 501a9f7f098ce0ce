import type { ByteWriter } from '../binary/byte-writer.ts'
import { CodeWriter } from './code-writer.ts'
import type { MutableGlobal } from './core-module.ts'
import { BULK, OP, TYPE } from './instructions.ts'

/**
 * Each byte of a map stands for so many bytes of memory, as a power of two: 512. A reset looks at eight of them at a time, and
 * copies from the first that is marked to the last. Smaller ones would make maps larger that have to be looked through.
 */
export const CHUNK_SHIFT = 9

/** A store marks the chunk that its address is in, whatever is added to that by an offset smaller than this. */
export const MAX_UNMARKED_OFFSET: number = 1 << CHUNK_SHIFT

/** So far behind a marked chunk may have been written: by the longest store, of 16 bytes, with the largest such offset. */
const OVERHANG_BYTES = MAX_UNMARKED_OFFSET + 16

const PAGE_SHIFT = 16
const PAGE_BYTES = 1 << PAGE_SHIFT

/** Index of the map among a module's memories: behind the one that it has or imports. */
export const MAP_MEMORY = 1

/** Pages of a map for a memory of up to `maxPages`. */
export function mapPagesFor(maxPages: number): number {
  return Math.max(1, Math.ceil((maxPages << (PAGE_SHIFT - CHUNK_SHIFT)) / PAGE_BYTES))
}

/** What the functions refer to that are added to put an instance back. */
export interface ResetIndices {
  readonly ownsMemory: boolean
  /** Pages of the map, 0 where there is none; the image lies behind it. */
  readonly mapPages: number
  /** Global that holds how many pages were saved. */
  readonly pagesGlobal: number
  /** Globals to save, and the first of as many that hold what was saved. */
  readonly globals: readonly MutableGlobal[]
  readonly firstShadow: number
}

/** Code of a value type's zero. */
export function writeZero(out: ByteWriter, type: number): void {
  switch (type) {
    case TYPE.i32:
    case TYPE.i64:
      out.u8(type === TYPE.i32 ? OP.i32Const : OP.i64Const)
      out.u8(0)
      break
    case TYPE.f32:
    case TYPE.f64:
      out.u8(type === TYPE.f32 ? OP.f32Const : OP.f64Const)
      for (let i = type === TYPE.f32 ? 4 : 8; i > 0; i--) out.u8(0)
      break
    default:
      out.u8(OP.refNull)
      out.u8(type)
  }
  out.u8(OP.end)
}

/** `(param $at i32) (param $length i32)`: marks what a bulk operation writes. */
export function writeMarkFunction(out: ByteWriter): void {
  const code = new CodeWriter(out)
  code.u8(0)
  // Nothing is written; or more than there can be, and the operation is a trap.
  code
    .get(1)
    .u8(OP.i32Eqz)
    .ifThen(() => code.u8(OP.return))
  code.get(0).get(1).u8(OP.i32Add).i32(1).u8(OP.i32Sub).tee(1)
  code
    .get(0)
    .u8(OP.i32LtU)
    .ifThen(() => code.u8(OP.return))
  // The first chunk, the mark, and how many.
  code.get(0).i32(CHUNK_SHIFT).u8(OP.i32ShrU)
  code.i32(1)
  code.get(1).i32(CHUNK_SHIFT).u8(OP.i32ShrU).get(0).i32(CHUNK_SHIFT).u8(OP.i32ShrU).u8(OP.i32Sub).i32(1).u8(OP.i32Add)
  code.bulk(BULK.memoryFill, MAP_MEMORY)
  code.u8(OP.end)
}

/** `(result i32)`: remembers memory and globals as they are; answers 0 where there is no room for that. */
export function writeSaveFunction(out: ByteWriter, indices: ResetIndices): void {
  const { ownsMemory, mapPages, pagesGlobal, globals, firstShadow } = indices
  const code = new CodeWriter(out)
  code.u8(0)
  globals.forEach(({ index }, i) => code.globalGet(index).globalSet(firstShadow + i))
  if (ownsMemory) {
    code.memorySize(0).globalSet(pagesGlobal)
    // There is room for the map, and for an image of the memory as large as it began.
    code.globalGet(pagesGlobal).i32(mapPages).u8(OP.i32Add).memorySize(MAP_MEMORY).u8(OP.i32GtU)
    code.ifThen(() => {
      code.globalGet(pagesGlobal).i32(mapPages).u8(OP.i32Add).memorySize(MAP_MEMORY).u8(OP.i32Sub)
      code.u8(OP.memoryGrow).u32(MAP_MEMORY)
      code
        .i32(0)
        .u8(OP.i32LtS)
        .ifThen(() => code.i32(0).u8(OP.return))
    })
    code
      .i32(mapPages * PAGE_BYTES)
      .i32(0)
      .globalGet(pagesGlobal)
      .i32(PAGE_SHIFT)
      .u8(OP.i32Shl)
    code.bulk(BULK.memoryCopy, MAP_MEMORY, 0)
    code
      .i32(0)
      .i32(0)
      .globalGet(pagesGlobal)
      .i32(PAGE_SHIFT - CHUNK_SHIFT)
      .u8(OP.i32Shl)
    code.bulk(BULK.memoryFill, MAP_MEMORY)
  }
  code.i32(1).u8(OP.end)
}

/**
 * `(result i32)`: puts memory and globals back to how they were saved; answers how many bytes it copied, or −1 where the memory has
 * another size now.
 */
export function writeRestoreFunction(out: ByteWriter, indices: ResetIndices): void {
  const { ownsMemory, mapPages, pagesGlobal, globals, firstShadow } = indices
  const code = new CodeWriter(out)
  // at, end of the map, bytes copied; start and length of a stretch; a word of the map
  const [at, end, copied, start, length, marks] = [0, 1, 2, 3, 4, 5]
  code.u8(2).u32(5).u8(TYPE.i32).u32(1).u8(TYPE.i64)
  globals.forEach(({ index }, i) => code.globalGet(firstShadow + i).globalSet(index))
  if (ownsMemory) {
    code
      .memorySize(0)
      .globalGet(pagesGlobal)
      .u8(OP.i32Ne)
      .ifThen(() => code.i32(-1).u8(OP.return))
    code
      .globalGet(pagesGlobal)
      .i32(PAGE_SHIFT - CHUNK_SHIFT)
      .u8(OP.i32Shl)
      .set(end)
    code.u8(OP.block).u8(0x40).u8(OP.loop).u8(0x40)
    code.get(at).get(end).u8(OP.i32GeU).u8(OP.brIf).u8(1)
    // A word of the map: i64.load and i64.eqz.
    code.get(at).u8(OP.i64Load).memory(3, MAP_MEMORY).tee(marks).u8(OP.i64Eqz).u8(OP.i32Eqz)
    code.ifThen(() => {
      code.get(at).u8(OP.i64Const).u8(0).u8(OP.i64Store).memory(3, MAP_MEMORY)
      // From the first of its marks, which i64.ctz tells, to the last, by i64.clz.
      code
        .get(at)
        .get(marks)
        .u8(OP.i64Ctz)
        .u8(OP.i32WrapI64)
        .i32(3)
        .u8(OP.i32ShrU)
        .u8(OP.i32Add)
        .i32(CHUNK_SHIFT)
        .u8(OP.i32Shl)
        .set(start)
      code.get(at).i32(8).u8(OP.i32Add).get(marks).u8(OP.i64Clz).u8(OP.i32WrapI64).i32(3).u8(OP.i32ShrU).u8(OP.i32Sub)
      // With the overhang, if that is still inside: the smaller of the two lengths.
      code.i32(CHUNK_SHIFT).u8(OP.i32Shl).get(start).u8(OP.i32Sub).i32(OVERHANG_BYTES).u8(OP.i32Add).tee(length)
      code.get(end).i32(CHUNK_SHIFT).u8(OP.i32Shl).get(start).u8(OP.i32Sub)
      code.get(length).get(end).i32(CHUNK_SHIFT).u8(OP.i32Shl).get(start).u8(OP.i32Sub).u8(OP.i32LtU)
      code.u8(OP.select).set(length)
      code.get(start)
      code
        .get(start)
        .i32(mapPages * PAGE_BYTES)
        .u8(OP.i32Add)
      code.get(length).bulk(BULK.memoryCopy, 0, MAP_MEMORY)
      code.get(copied).get(length).u8(OP.i32Add).set(copied)
    })
    code.get(at).i32(8).u8(OP.i32Add).set(at)
    code.u8(OP.br).u8(0).u8(OP.end).u8(OP.end)
  }
  code.get(copied).u8(OP.end)
}
