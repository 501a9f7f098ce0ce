import type { ByteWriter } from '../binary/byte-writer.ts'
import { CodeWriter } from './code-writer.ts'
import { OP } from './instructions.ts'

/** Indices of what charging refers to. */
export interface ChargeIndices {
  /** Mutable i32 global that holds the fuel. */
  readonly fuelGlobal: number
  /** One-slot table whose function asks the host for more. */
  readonly slotTable: number
  /** Type `() -> ()`. */
  readonly slotType: number
}

/** Writes code that takes `cost` from the fuel and asks the host when it has run out. @param temp a local of its own. */
export function writeCharge(out: ByteWriter, cost: number, temp: number, meter: ChargeIndices): void {
  out.u8(OP.globalGet)
  out.u32(meter.fuelGlobal)
  out.u8(OP.i32Const)
  out.s32(cost)
  out.u8(OP.i32Sub)
  writeSettle(out, temp, meter)
}

/** A charge that is made once in an instance's life. */
export interface FirstCharge {
  readonly cost: number
  /** Mutable i32 global of which one bit says that it was made. */
  readonly flags: number
  readonly bit: number
}

/** Writes code that charges when it first runs. @param temp a local of its own. */
export function writeFirstCharge(
  out: ByteWriter,
  { cost, flags, bit }: FirstCharge,
  temp: number,
  meter: ChargeIndices,
): void {
  const code = new CodeWriter(out)
  // i32.and, i32.eqz; i32.or.
  code.globalGet(flags).i32(bit).u8(0x71).u8(0x45)
  code.ifThen(() => {
    code.globalGet(flags).i32(bit).u8(0x72).globalSet(flags)
    writeCharge(out, cost, temp, meter)
  })
}

/** Writes code that charges by the operand on top of the stack, a length, which stays there. */
export function writeLengthCharge(
  out: ByteWriter,
  cost: { readonly shift: number; readonly fixed: number },
  temp: number,
  meter: ChargeIndices,
): void {
  out.u8(OP.localTee)
  out.u32(temp)
  out.u8(OP.globalGet)
  out.u32(meter.fuelGlobal)
  out.u8(OP.localGet)
  out.u32(temp)
  out.u8(OP.i32Const)
  out.s32(Math.abs(cost.shift))
  out.u8(cost.shift < 0 ? OP.i32Shl : OP.i32ShrU)
  out.u8(OP.i32Sub)
  out.u8(OP.i32Const)
  out.s32(cost.fixed)
  out.u8(OP.i32Sub)
  out.u8(OP.globalSet)
  out.u32(meter.fuelGlobal)
  out.u8(OP.globalGet)
  out.u32(meter.fuelGlobal)
  writeCheck(out, meter)
}

/** Stores the counter on top of the stack and asks the host when it has run out. */
function writeSettle(out: ByteWriter, temp: number, meter: ChargeIndices): void {
  out.u8(OP.localTee)
  out.u32(temp)
  out.u8(OP.globalSet)
  out.u32(meter.fuelGlobal)
  out.u8(OP.localGet)
  out.u32(temp)
  writeCheck(out, meter)
}

function writeCheck(out: ByteWriter, meter: ChargeIndices): void {
  out.u8(OP.i32Const)
  out.s32(0)
  out.u8(OP.i32LtS)
  out.u8(OP.if)
  out.u8(0x40)
  out.u8(OP.i32Const)
  out.s32(0)
  out.u8(OP.callIndirect)
  out.u32(meter.slotType)
  out.u32(meter.slotTable)
  out.u8(OP.end)
}
