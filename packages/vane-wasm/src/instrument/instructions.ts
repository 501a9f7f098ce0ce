import { BinaryFormatError } from '../binary/binary-format-error.ts'
import type { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'

/** Opcodes that the meter looks at, or that what is added is made of; all others are only passed over. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  delegate: 0x18,
  catchAll: 0x19,
  select: 0x1b,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  i64Load: 0x29,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32LeU: 0x4d,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64GtU: 0x56,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Clz: 0x79,
  i64Ctz: 0x7a,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
  refNull: 0xd0,
  prefixBulk: 0xfc,
  prefixSimd: 0xfd,
} as const

/** Second opcodes behind 0xfc whose topmost operand is a length. */
export const BULK = {
  memoryInit: 8,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  tableCopy: 14,
  tableGrow: 15,
  tableFill: 17,
  dataDrop: 9,
  elemDrop: 13,
} as const

/** Value types, as the binary format has them. */
export const TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const

/** Type of the value that an instruction stores in memory, the address below it on the stack; `undefined` for all others. */
export function storedTypeOf(opcode: number, operation: number): number | undefined {
  if (opcode >= OP.i32Store && opcode <= OP.i64Store32) return STORED_TYPES[opcode - OP.i32Store]
  const isVector = opcode === OP.prefixSimd && (operation === 11 || (operation >= 88 && operation <= 91))
  return isVector ? TYPE.v128 : undefined
}

/** From `i32.store` to `i64.store32`. */
const STORED_TYPES: readonly number[] = [
  TYPE.i32,
  TYPE.i64,
  TYPE.f32,
  TYPE.f64,
  TYPE.i32,
  TYPE.i32,
  TYPE.i64,
  TYPE.i64,
  TYPE.i64,
]

const NONE = 0
const INDEX = 1
const INDEX_PAIR = 2
const MEMARG = 3
const BLOCK_TYPE = 4
const S32 = 5
const S64 = 6
const F32 = 7
const F64 = 8
const VALUE_TYPES = 9
const HEAP_TYPE = 10
const LABELS = 11
const CATCHES = 12
const BULK_PREFIX = 13
const SIMD_PREFIX = 14
const UNKNOWN = 255

const IMMEDIATES: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(UNKNOWN)
  const set = (from: number, to: number, kind: number): void => void table.fill(kind, from, to + 1)
  set(0x00, 0x01, NONE)
  set(0x02, 0x04, BLOCK_TYPE)
  set(0x05, 0x05, NONE)
  set(0x06, 0x06, BLOCK_TYPE)
  set(0x07, 0x09, INDEX)
  set(0x0a, 0x0b, NONE)
  set(0x0c, 0x0d, INDEX)
  set(0x0e, 0x0e, LABELS)
  set(0x0f, 0x0f, NONE)
  set(0x10, 0x10, INDEX)
  set(0x11, 0x11, INDEX_PAIR)
  set(0x12, 0x12, INDEX)
  set(0x13, 0x13, INDEX_PAIR)
  set(0x18, 0x18, INDEX)
  set(0x19, 0x1b, NONE)
  set(0x1c, 0x1c, VALUE_TYPES)
  set(0x1f, 0x1f, CATCHES)
  set(0x20, 0x26, INDEX)
  set(0x28, 0x3e, MEMARG)
  set(0x3f, 0x40, INDEX)
  set(0x41, 0x41, S32)
  set(0x42, 0x42, S64)
  set(0x43, 0x43, F32)
  set(0x44, 0x44, F64)
  set(0x45, 0xc4, NONE)
  set(0xd0, 0xd0, HEAP_TYPE)
  set(0xd1, 0xd1, NONE)
  set(0xd2, 0xd2, INDEX)
  set(0xfc, 0xfc, BULK_PREFIX)
  set(0xfd, 0xfd, SIMD_PREFIX)
  return table
})()

/** Labels of the last branching instruction that was passed over, the default of a `br_table` included. */
export type Labels = number[]

/**
 * Passes over the immediates of one instruction whose opcode has been read. Whatever the engine might read otherwise than this
 * does is refused: a reader out of step would leave code unmetered.
 *
 * @param labels receives the branch targets of `br`, `br_if`, `br_table`, `delegate`, `rethrow` and `try_table`.
 * @returns the second opcode of a prefixed instruction, else 0.
 * @throws BinaryFormatError; UnsupportedError for opcodes outside the accepted proposals.
 */
export function skipImmediates(opcode: number, reader: ByteReader, labels: Labels): number {
  switch (IMMEDIATES[opcode]) {
    case NONE:
      return 0
    case INDEX: {
      const index = reader.u32()
      if (opcode === OP.br || opcode === OP.brIf) labels.push(index)
      return 0
    }
    case INDEX_PAIR:
      reader.u32()
      reader.u32()
      return 0
    case MEMARG:
      readMemarg(reader)
      return 0
    case BLOCK_TYPE:
      skipBlockType(reader)
      return 0
    case HEAP_TYPE:
      skipHeapType(reader)
      return 0
    case S32:
      reader.skipLeb(5)
      return 0
    case S64:
      reader.skipLeb(10)
      return 0
    case F32:
      reader.skip(4)
      return 0
    case F64:
      reader.skip(8)
      return 0
    case VALUE_TYPES:
      for (let count = reader.u32(); count > 0; count--) skipValueType(reader)
      return 0
    case LABELS:
      for (let count = reader.u32(); count >= 0; count--) labels.push(reader.u32())
      return 0
    case CATCHES:
      skipCatches(reader, labels)
      return 0
    case BULK_PREFIX:
      return skipBulk(reader)
    case SIMD_PREFIX:
      return skipSimd(reader)
    default:
      throw new UnsupportedError(`${proposalOf(opcode)} (opcode 0x${opcode.toString(16).padStart(2, '0')})`)
  }
}

/** Passes over a constant expression, its `end` included. */
export function skipConstantExpression(reader: ByteReader): void {
  const labels: Labels = []
  for (;;) {
    const opcode = reader.u8()
    skipImmediates(opcode, reader, labels)
    if (opcode === OP.end) return
  }
}

/** Passes over a value type. */
export function skipValueType(reader: ByteReader): void {
  const type = reader.u8()
  if (!isValueType(type)) {
    throw new UnsupportedError(`value type 0x${type.toString(16)} (typed references or garbage collection)`)
  }
}

/** Numbers and vectors 0x7b to 0x7f, funcref, externref, exnref. */
function isValueType(type: number): boolean {
  return (type >= 0x7b && type <= 0x7f) || type === 0x70 || type === 0x6f || type === 0x69
}

function skipBlockType(reader: ByteReader): void {
  const start = reader.at
  const type = reader.s33()
  if (type >= 0) return
  const byte = type + 0x80
  // A negative number that is written longer, or that a heap type would follow, is nothing but a trick here.
  if (reader.at !== start + 1 || (byte !== 0x40 && !isValueType(byte))) {
    throw new UnsupportedError('a block type other than a value type or a function type')
  }
}

function skipHeapType(reader: ByteReader): void {
  const type = reader.u8()
  if (type !== 0x70 && type !== 0x6f && type !== 0x69) {
    throw new UnsupportedError(`heap type 0x${type.toString(16)} (typed references or garbage collection)`)
  }
}

function skipCatches(reader: ByteReader, labels: Labels): void {
  skipBlockType(reader)
  for (let count = reader.u32(); count > 0; count--) {
    const kind = reader.u8()
    if (kind > 3) throw new BinaryFormatError(`unknown catch clause ${kind}`)
    if (kind < 2) reader.u32()
    labels.push(reader.u32())
  }
}

/** Passes over a memory argument; answers its offset. */
export function readMemarg(reader: ByteReader): number {
  const flags = reader.u32()
  // Bit 6 announces a memory index (multi-memory).
  if (flags & 0x40) reader.u32()
  return reader.u32()
}

function skipBulk(reader: ByteReader): number {
  const op = reader.u32()
  if (op <= 7) return op
  if (op > 17) throw new UnsupportedError(`opcode 0xfc 0x${op.toString(16)}`)
  reader.u32()
  if (op === BULK.memoryInit || op === BULK.memoryCopy || op === BULK.tableInit || op === BULK.tableCopy) reader.u32()
  return op
}

function skipSimd(reader: ByteReader): number {
  const op = reader.u32()
  if (op <= 11 || op === 92 || op === 93) readMemarg(reader)
  else if (op === 12 || op === 13) reader.skip(16)
  else if (op >= 21 && op <= 34) reader.skip(1)
  else if (op >= 84 && op <= 91) {
    readMemarg(reader)
    reader.skip(1)
  } else if (op > 0x113) throw new UnsupportedError(`opcode 0xfd 0x${op.toString(16)}`)
  return op
}

function proposalOf(opcode: number): string {
  switch (opcode) {
    case 0xfb:
      return 'garbage collection'
    case 0xfe:
      return 'threads and atomics'
    case 0x14:
    case 0x15:
    case 0xd3:
    case 0xd4:
    case 0xd5:
    case 0xd6:
      return 'typed function references'
    default:
      return 'an unknown instruction'
  }
}
