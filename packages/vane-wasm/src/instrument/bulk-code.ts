import type { ByteWriter } from '../binary/byte-writer.ts'
import { writeLengthCharge, type ChargeIndices } from './charge-code.ts'
import { CodeWriter } from './code-writer.ts'
import { bulkLengthShift } from './costs.ts'
import { BULK, OP, TYPE } from './instructions.ts'

/** No stop gets in between while the engine fills or copies, so that it is told to do no more than this at once. */
const PIECE_BYTES = 65_536

/** Besides what goes by the length. */
const PIECE_COST = 10

// Parameters of both functions, and their locals: the length of a piece, and one for charging.
const [TO, OTHER, LENGTH, PIECE, TEMP] = [0, 1, 2, 3, 4]

/** What the functions refer to. */
export interface BulkIndices extends ChargeIndices {
  /** Function that marks what a bulk operation writes. */
  readonly markFunction: number
}

/** `(param $to i32) (param $value i32) (param $length i32)`: does what `memory.fill` does, marked, charged for and in pieces. */
export function writeFillFunction(out: ByteWriter, indices: BulkIndices): void {
  const code = begin(out, indices)
  const fill = (): CodeWriter => {
    writePieceCharge(out, BULK.memoryFill, indices)
    return code.bulk(BULK.memoryFill, 0)
  }
  code.get(LENGTH).i32(PIECE_BYTES).u8(OP.i32LeU)
  code.ifThen(() => {
    code.get(TO).get(OTHER).get(LENGTH)
    fill().u8(OP.return)
  })
  code.get(TO)
  writeOutside(code)
  // Nothing may be written then: the engine's own trap.
  code.ifThen(() => code.get(TO).get(OTHER).get(LENGTH).bulk(BULK.memoryFill, 0))
  code.u8(OP.loop).u8(0x40)
  writePiece(code)
  code.get(TO).get(OTHER).get(PIECE)
  fill()
  code.get(TO).get(PIECE).u8(OP.i32Add).set(TO)
  code.get(LENGTH).get(PIECE).u8(OP.i32Sub).tee(LENGTH).u8(OP.brIf).u8(0)
  code.u8(OP.end).u8(OP.end)
}

/** `(param $to i32) (param $from i32) (param $length i32)`: does what `memory.copy` does, marked, charged for and in pieces. */
export function writeCopyFunction(out: ByteWriter, indices: BulkIndices): void {
  const code = begin(out, indices)
  const copy = (): CodeWriter => {
    writePieceCharge(out, BULK.memoryCopy, indices)
    return code.bulk(BULK.memoryCopy, 0, 0)
  }
  code.get(LENGTH).i32(PIECE_BYTES).u8(OP.i32LeU)
  code.ifThen(() => {
    code.get(TO).get(OTHER).get(LENGTH)
    copy().u8(OP.return)
  })
  // The larger of the two addresses.
  code.get(TO).get(OTHER).get(TO).get(OTHER).u8(OP.i32GtU).u8(OP.select)
  writeOutside(code)
  code.ifThen(() => code.get(TO).get(OTHER).get(LENGTH).bulk(BULK.memoryCopy, 0, 0))
  // What is still to be copied must not be written over: from the end that is moved away from the other.
  code.get(TO).get(OTHER).u8(OP.i32LeU)
  code.ifThen(() => {
    code.u8(OP.loop).u8(0x40)
    writePiece(code)
    code.get(TO).get(OTHER).get(PIECE)
    copy()
    code.get(TO).get(PIECE).u8(OP.i32Add).set(TO)
    code.get(OTHER).get(PIECE).u8(OP.i32Add).set(OTHER)
    code.get(LENGTH).get(PIECE).u8(OP.i32Sub).tee(LENGTH).u8(OP.brIf).u8(0)
    code.u8(OP.end).u8(OP.return)
  })
  code.u8(OP.loop).u8(0x40)
  writePiece(code)
  code.get(LENGTH).get(PIECE).u8(OP.i32Sub).set(LENGTH)
  code.get(TO).get(LENGTH).u8(OP.i32Add).get(OTHER).get(LENGTH).u8(OP.i32Add).get(PIECE)
  copy()
  code.get(LENGTH).u8(OP.brIf).u8(0)
  code.u8(OP.end).u8(OP.end)
}

/** Declares the locals, and marks. */
function begin(out: ByteWriter, { markFunction }: BulkIndices): CodeWriter {
  const code = new CodeWriter(out)
  code.u8(1).u32(2).u8(TYPE.i32)
  return code.get(TO).get(LENGTH).u8(OP.call).u32(markFunction)
}

/** Charges for the length on top of the stack, which stays there. */
function writePieceCharge(out: ByteWriter, operation: number, indices: BulkIndices): void {
  writeLengthCharge(out, { shift: bulkLengthShift(operation) ?? 0, fixed: PIECE_COST }, TEMP, indices)
}

/** Takes an address; answers whether the length behind it reaches out of the memory. */
function writeOutside(code: CodeWriter): void {
  // Of 64 bits: what wraps around is outside.
  code.u8(OP.i64ExtendI32U).get(LENGTH).u8(OP.i64ExtendI32U).u8(OP.i64Add)
  code.memorySize(0).u8(OP.i64ExtendI32U).u8(OP.i64Const).u8(16).u8(OP.i64Shl).u8(OP.i64GtU)
}

/** The smaller of what is left and what is done at once. */
function writePiece(code: CodeWriter): void {
  code.get(LENGTH).i32(PIECE_BYTES).get(LENGTH).i32(PIECE_BYTES).u8(OP.i32LtU).u8(OP.select).set(PIECE)
}
