import { BULK, OP } from './instructions.ts'

/**
 * Fuel that a stretch of code may run up before it must be charged. Smaller charges more often; larger lets more work pass
 * between two looks at the clock.
 */
export const STRETCH_COST = 400

/** A call, besides what its callee charges for itself. Covers callees too small to charge anything. */
export const CALL_COST = 20

/** A function without calls and loops that costs no more than this is covered by {@link CALL_COST} and goes uncharged. */
export const FREE_LEAF_COST = 16

/** By how many bits the number of a function's locals is shifted to become fuel: all of them are cleared at its entry. */
export const LOCALS_SHIFT = 6

/**
 * Fuel for each value at a join that the engine has to look at when it compiles a function, which is when it is first called: some
 * 10 ns, charged for like the dearest code.
 */
const COMPILE_COST = 1 / 20

/** A function that costs less to compile goes uncharged: it would take as many as have never been seen to hold anybody up. */
const MIN_COMPILE_COST = 100

/** Fuel for compiling a function, 0 where that is not worth a charge. */
export function compileCostOf(work: number): number {
  const cost = Math.ceil(work * COMPILE_COST)
  return cost < MIN_COMPILE_COST ? 0 : cost
}

/** Unwinding is slow in every engine. */
const THROW_COST = 400

/** Growing may map and clear pages. */
const MEMORY_GROW_COST = 20_000

/** Fuel for one instruction: about one unit per simple machine operation. */
export function costOf(opcode: number): number {
  // Loads and stores may miss the cache.
  if (opcode >= 0x28 && opcode <= 0x3e) return 2
  // Integer division and remainder, float division and square root.
  if ((opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82)) return 8
  if (opcode === 0x91 || opcode === 0x95 || opcode === 0x9f || opcode === 0xa3) return 8
  switch (opcode) {
    case OP.call:
    case OP.callIndirect:
    case OP.returnCall:
    case OP.returnCallIndirect:
      return CALL_COST
    case OP.throw:
    case OP.rethrow:
    case OP.throwRef:
      return THROW_COST
    case OP.memoryGrow:
      return MEMORY_GROW_COST
    case OP.prefixSimd:
      return 3
    default:
      return 1
  }
}

/** By how many bits the length of a bulk operation is shifted to become fuel, to the left where that is negative. */
export function bulkLengthShift(operation: number): number | undefined {
  switch (operation) {
    case BULK.memoryInit:
    case BULK.memoryCopy:
    case BULK.memoryFill:
      return 3
    case BULK.tableInit:
    case BULK.tableCopy:
    case BULK.tableFill:
      // An entry takes as long as some 16 instructions. Lengths that overflow are a trap: no table is so large.
      return -4
    case BULK.tableGrow:
      // One that is too large is none, so a signed 32-bit fuel counter must survive any length.
      return 2
    default:
      return undefined
  }
}
