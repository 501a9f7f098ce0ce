import { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { CoreModule } from './core-module.ts'
import { BULK, OP, skipImmediates, skipValueType, type Labels } from './instructions.ts'
import { SECTION } from './sections.ts'

/**
 * Values that one function may have alive at all of its joins together. The engine compiles a function when it is first called, on the
 * thread that calls it, and notes at each join where every live value is: some 10 ns for each, which nothing can interrupt. Without a
 * bound 30 KB of code take half a second, and a megabyte takes minutes and all of memory.
 */
const MAX_EFFORT = 5_000_000

/** Of a join itself. */
const JOIN_WORK = 16

// What else goes by the number of live values, as parts of a join. An instruction may need a register, and all values are looked at for
// which of them are in it; a call has all of them leave their registers.
const PLAIN_WORK = 1 / 64
const DIVISION_WORK = 1 / 16
const CALL_WORK = 1 / 8
/** Of an instruction in front of which there is a charge, which is a join. */
const CHARGED_WORK = 1 + CALL_WORK
/** What a call passes and answers is put in its place one by one, and each time what came before is looked at. */
const PASSED_WORK = 1 / 8

interface FunctionType {
  readonly params: number
  readonly results: number
}

interface Frame {
  /** Operands below the frame's own. */
  readonly base: number
  readonly results: number
  readonly isReachable: boolean
}

/** Of each byte of code, in values at a join. */
const BYTE_WORK = 5

/** What walking over the functions of a module tells. */
export interface Measured {
  /** How long each of them takes to compile, in values at a join: some 10 ns each. */
  readonly compileWork: readonly number[]
  /** Whether any of them may catch an exception. */
  readonly catches: boolean
}

/**
 * Asserts that no function of a module takes the engine long to compile.
 *
 * @throws UnsupportedError
 */
export function measureFunctions({ sections, functionTypes }: CoreModule): Measured {
  const types = readTypes(sections.get(SECTION.type))
  const callees = [...readImportedFunctions(sections.get(SECTION.import)), ...functionTypes].map((type) => types[type])
  const code = sections.get(SECTION.code)
  if (code === undefined) return { compileWork: [], catches: false }
  let catches = false
  const reader = new ByteReader(code)
  reader.u32()
  const compileWork = functionTypes.map((type) => {
    const body = reader.section()
    const bytes = body.end - body.at
    const counter = new EffortCounter(body, types, callees)
    const effort = counter.count(types[type]?.params ?? 0)
    catches ||= counter.catches
    if (effort > MAX_EFFORT) {
      const values = Math.ceil(effort)
      throw new UnsupportedError(`a function with ${values} values at its joins, more than the limit of ${MAX_EFFORT}`)
    }
    return effort + bytes * BYTE_WORK
  })
  return { compileWork, catches }
}

/** Walks over one function with an upper bound of how many operands there are. */
class EffortCounter {
  /** Whether there are handlers in the function. */
  catches: boolean = false
  readonly #reader: ByteReader
  readonly #types: readonly FunctionType[]
  readonly #callees: readonly (FunctionType | undefined)[]
  readonly #labels: Labels = []
  readonly #frames: Frame[] = [{ base: 0, results: 0, isReachable: true }]
  readonly #mostParams: number
  #height: number = 0
  #isReachable: boolean = true
  #effort: number = 0
  #locals: number = 0

  constructor(reader: ByteReader, types: readonly FunctionType[], callees: readonly (FunctionType | undefined)[]) {
    this.#reader = reader
    this.#types = types
    this.#callees = callees
    this.#mostParams = types.reduce((most, { params }) => Math.max(most, params), 0)
  }

  count(paramCount: number): number {
    const reader = this.#reader
    this.#locals = paramCount
    for (let groups = reader.u32(); groups > 0; groups--) {
      this.#locals += reader.u32()
      skipValueType(reader)
    }
    while (this.#frames.length > 0) {
      const opcode = reader.u8()
      const at = reader.at
      this.#labels.length = 0
      const operation = skipImmediates(opcode, reader, this.#labels)
      const next = reader.at
      if (this.#isReachable) {
        const work = opcode === OP.prefixBulk && operation >= BULK.memoryInit ? CHARGED_WORK : WORK[opcode]!
        this.#effort += work * (this.#locals + Math.max(this.#height, 0))
      }
      this.#step(opcode, operation, at)
      reader.at = next
    }
    return this.#effort
  }

  #step(opcode: number, operation: number, at: number): void {
    const change = CHANGES[opcode]!
    if (change !== SEVERAL) {
      this.#height += change
      return
    }
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.try:
      case OP.tryTable:
        if (opcode === OP.if) this.#height--
        if (opcode === OP.try || opcode === OP.tryTable) this.catches = true
        return this.#open(at)
      case OP.else:
      case OP.catch:
      case OP.catchAll:
        return this.#startArm(opcode)
      case OP.end:
      case OP.delegate:
        return this.#close()
      case OP.brIf:
        this.#height--
        return this.#join(1)
      case OP.br:
      case OP.brTable:
        this.#join(this.#labels.length)
        this.#isReachable = false
        return
      case OP.unreachable:
      case OP.throw:
      case OP.rethrow:
      case OP.throwRef:
      case OP.return:
      case OP.returnCall:
      case OP.returnCallIndirect:
        this.#isReachable = false
        return
      case OP.call:
        return this.#call(this.#callees[this.#read(at)])
      case OP.callIndirect:
        this.#height--
        return this.#call(this.#types[this.#read(at)])
      case OP.prefixBulk:
        // `table.size`; whatever else is behind a prefix, but for a constant, leaves no more than it takes.
        if (operation === 16) this.#height++
        return
      case OP.prefixSimd:
        if (operation === 12) this.#height++
    }
  }

  #read(at: number): number {
    this.#reader.at = at
    return this.#reader.u32()
  }

  #call(callee: FunctionType | undefined): void {
    if (callee === undefined) return
    const { params, results } = callee
    if (this.#isReachable) this.#effort += PASSED_WORK * (params * params + results * results)
    this.#height = Math.max(this.#height - params, 0) + results
  }

  #open(at: number): void {
    this.#reader.at = at
    const type = this.#reader.s33()
    // A negative number is a value type, but for the one that stands for none.
    const { params, results } = type >= 0 ? (this.#types[type] ?? NOTHING) : type === -0x40 ? NOTHING : ONE_RESULT
    this.#join(1)
    this.#frames.push({ base: Math.max(this.#height - params, 0), results, isReachable: this.#isReachable })
  }

  #startArm(opcode: number): void {
    this.#join(1)
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    this.#isReachable = frame.isReachable
    // An arm begins with the block's parameters, a handler with those of its tag.
    if (opcode !== OP.catchAll) this.#height = frame.base + this.#mostParams
    else this.#height = frame.base
  }

  #close(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) return
    this.#isReachable = frame.isReachable
    this.#height = frame.base + frame.results
    this.#join(1)
  }

  #join(count: number): void {
    if (this.#isReachable) this.#effort += count * (JOIN_WORK + this.#locals + Math.max(this.#height, 0))
  }
}

const NOTHING: FunctionType = { params: 0, results: 0 }
const ONE_RESULT: FunctionType = { params: 0, results: 1 }

/** Stands for instructions whose effect is not a number of its own. */
const SEVERAL = 127

/** By how much an instruction changes the number of operands, or more than that where it does not matter. */
const CHANGES: Int8Array = (() => {
  const changes = new Int8Array(256)
  const set = (from: number, to: number, change: number): void => void changes.fill(change, from, to + 1)
  set(0x00, 0x1f, SEVERAL)
  changes[0x01] = 0
  // Constants, and values of variables.
  for (const opcode of [0x20, 0x23, 0x3f, 0x41, 0x42, 0x43, 0x44, 0xd0, 0xd2]) changes[opcode] = 1
  for (const opcode of [0x1a, 0x21, 0x24]) changes[opcode] = -1
  // Selections, stores.
  set(0x1b, 0x1c, -2)
  set(0x26, 0x26, -2)
  set(0x36, 0x3e, -2)
  // Comparisons and arithmetic of two numbers.
  set(0x46, 0x4f, -1)
  set(0x51, 0x66, -1)
  set(0x6a, 0x78, -1)
  set(0x7c, 0x8a, -1)
  set(0x92, 0x98, -1)
  set(0xa0, 0xa6, -1)
  set(0xfc, 0xfd, SEVERAL)
  return changes
})()

/** Work of each instruction for each live value. Joins are counted as they are met. */
const WORK: Float64Array = (() => {
  const work = new Float64Array(256).fill(PLAIN_WORK)
  // Integer division and remainder, which take registers of their own.
  work.fill(DIVISION_WORK, 0x6d, 0x71)
  work.fill(DIVISION_WORK, 0x7f, 0x83)
  // Calls, of the plugin's functions and of the engine's.
  for (const opcode of [0x10, 0x11, 0x12, 0x13, 0x25, 0x26, 0xd2]) work[opcode] = CALL_WORK
  // Branches may lead back to a loop.
  for (const opcode of [OP.throw, OP.rethrow, OP.throwRef, OP.br, OP.brIf, OP.brTable, OP.memoryGrow]) {
    work[opcode] = CHARGED_WORK
  }
  return work
})()

/** Readers here come behind those that refuse what is malformed or not supported. */
function readTypes(payload: Uint8Array | undefined): FunctionType[] {
  if (payload === undefined) return []
  const reader = new ByteReader(payload)
  return reader.vector(() => {
    reader.u8()
    return { params: skipTypes(reader), results: skipTypes(reader) }
  })
}

function skipTypes(reader: ByteReader): number {
  const count = reader.u32()
  for (let i = 0; i < count; i++) skipValueType(reader)
  return count
}

/** Type indices of the functions that a module imports. */
function readImportedFunctions(payload: Uint8Array | undefined): number[] {
  if (payload === undefined) return []
  const reader = new ByteReader(payload)
  const found: number[] = []
  reader.vector(() => {
    reader.skip(reader.u32())
    reader.skip(reader.u32())
    const kind = reader.u8()
    if (kind === 0) found.push(reader.u32())
    else if (kind === 3) reader.skip(2)
    else if (kind === 4) {
      reader.u8()
      reader.u32()
    } else {
      if (kind === 1) reader.u8()
      const hasMaximum = (reader.u8() & 1) === 1
      reader.u32()
      if (hasMaximum) reader.u32()
    }
  })
  return found
}
