import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { ByteReader } from '../binary/byte-reader.ts'
import { ByteWriter } from '../binary/byte-writer.ts'
import { writeCharge, writeLengthCharge, type ChargeIndices } from './charge-code.ts'
import { CALL_COST, STRETCH_COST, bulkLengthShift, costOf } from './costs.ts'
import { BULK, OP, readMemarg, skipImmediates, storedTypeOf, type Labels } from './instructions.ts'
import { writeMark, writeMarkedRange } from './mark-code.ts'
import type { SpareLocals } from './spare-locals.ts'

/** What metering one function must know of its module, and learns about it. */
export interface MeterIndices extends ChargeIndices {
  /** Whether an exception may leave a function through any call, and be caught somewhere. */
  readonly callsMayThrow: boolean
  /** Function that marks what a bulk operation writes: `(at, length) -> ()`. */
  readonly markFunction: number
  /** Functions that do what `memory.fill` and `memory.copy` do. */
  readonly fillFunction: number
  readonly copyFunction: number
  /** What the functions rewritten so far were seen to do. */
  readonly usage: { writesTables: boolean; dropsSegments: boolean }
}

interface Frame {
  kind: 'function' | 'block' | 'loop' | 'if' | 'else' | 'try'
  /** Highest cost with which a branch reaches the frame's end; -1 where none does. */
  branchCost: number
  /** Cost at the start of an `if`, for its other arm; -1 where that is unreachable. */
  readonly startCost: number
}

/** Walks over one function's code and copies it, with charges in between. */
export class BodyMeter {
  readonly code: ByteWriter
  /** Highest cost that can remain uncharged when the function is left. */
  exitCost: number = 0
  hasCalls: boolean = false
  hasLoops: boolean = false
  /** Locals that are added. */
  readonly locals: SpareLocals
  readonly #reader: ByteReader
  readonly #meter: MeterIndices
  readonly #frames: Frame[] = [{ kind: 'function', branchCost: -1, startCost: -1 }]
  readonly #labels: Labels = []
  /** Highest uncharged cost with which this point is reached; -1 where nothing reaches it. */
  #cost: number = 0
  /** Where the bytes begin that are not copied yet. */
  #pending: number

  constructor(reader: ByteReader, locals: SpareLocals, meter: MeterIndices) {
    this.#reader = reader
    this.locals = locals
    this.#meter = meter
    this.#pending = reader.at
    this.code = new ByteWriter((reader.end - reader.at) * 2)
  }

  /** @throws BinaryFormatError, UnsupportedError */
  run(): void {
    const reader = this.#reader
    while (this.#frames.length > 0) {
      const start = reader.at
      const opcode = reader.u8()
      this.#labels.length = 0
      const operation = skipImmediates(opcode, reader, this.#labels)
      this.#step(opcode, operation, start)
      const stored = storedTypeOf(opcode, operation)
      if (stored !== undefined) this.#mark(stored, start)
      if (this.#cost >= STRETCH_COST) this.#charge(reader.at)
    }
    if (!reader.done) throw new BinaryFormatError('code after the end of a function')
    this.#copyTo(reader.at)
  }

  #step(opcode: number, operation: number, start: number): void {
    const reachable = this.#cost >= 0
    if (reachable) this.#cost += costOf(opcode)
    switch (opcode) {
      case OP.block:
        this.#open('block')
        return
      case OP.loop:
        if (reachable) this.hasLoops = true
        this.#open('loop')
        return
      case OP.if:
        this.#open('if')
        return
      case OP.try:
        this.#open('try')
        return
      case OP.tryTable:
        this.#openTryTable(reachable)
        return
      case OP.else:
        this.#else()
        return
      case OP.catch:
      case OP.catchAll:
        this.#catch(reachable)
        return
      case OP.end:
      case OP.delegate:
        this.#close()
        return
      case OP.br:
      case OP.brIf:
      case OP.brTable:
        this.#branch(opcode, reachable, start)
        return
      case OP.return:
      case OP.returnCall:
      case OP.returnCallIndirect:
        if (opcode !== OP.return) this.hasCalls = true
        this.exitCost = Math.max(this.exitCost, this.#cost)
        this.#cost = -1
        return
      case OP.unreachable:
        this.#cost = -1
        return
      case OP.throw:
      case OP.rethrow:
      case OP.throwRef:
        if (reachable) this.#charge(start)
        this.#cost = -1
        return
      case OP.call:
      case OP.callIndirect:
        this.hasCalls = true
        if (this.#meter.callsMayThrow) this.exitCost = Math.max(this.exitCost, this.#cost)
        return
      case OP.memoryGrow:
        if (reachable) this.#charge(start)
        return
      case OP.tableSet:
        this.#meter.usage.writesTables = true
        return
      case OP.prefixBulk:
        this.#note(operation)
        this.#bulk(operation, start, reachable)
        return
    }
  }

  #note(operation: number): void {
    const { usage } = this.#meter
    if (operation === BULK.dataDrop || operation === BULK.elemDrop) usage.dropsSegments = true
    else if (operation >= BULK.tableInit) usage.writesTables = true
  }

  #bulk(operation: number, start: number, reachable: boolean): void {
    const { copyFunction, fillFunction, markFunction } = this.#meter
    if (operation === BULK.memoryCopy || operation === BULK.memoryFill) {
      if (reachable) this.#cost += CALL_COST
      this.#copyTo(start)
      this.code.u8(OP.call)
      this.code.u32(operation === BULK.memoryCopy ? copyFunction : fillFunction)
      this.#pending = this.#reader.at
      return
    }
    if (reachable) this.#chargeLength(operation, start)
    if (operation !== BULK.memoryInit) return
    this.#copyTo(start)
    writeMarkedRange(this.code, this.locals, markFunction)
  }

  #open(kind: Frame['kind']): void {
    this.#frames.push({ kind, branchCost: -1, startCost: this.#cost })
  }

  #openTryTable(reachable: boolean): void {
    // Handlers are branch targets outside the block; anything up to a whole stretch may be uncharged when they run.
    if (reachable) for (const label of this.#labels) this.#reach(this.#frameAt(label), STRETCH_COST)
    this.#open('block')
  }

  #else(): void {
    const frame = this.#frames.at(-1)
    if (frame?.kind !== 'if') throw new BinaryFormatError('else without if')
    frame.branchCost = Math.max(frame.branchCost, this.#cost)
    frame.kind = 'else'
    this.#cost = frame.startCost
  }

  #catch(reachable: boolean): void {
    const frame = this.#frames.at(-1)
    if (frame?.kind !== 'try') throw new BinaryFormatError('catch without try')
    if (reachable) frame.branchCost = Math.max(frame.branchCost, this.#cost)
    // Like a handler of `try_table`.
    this.#cost = frame.startCost < 0 ? -1 : STRETCH_COST
  }

  #close(): void {
    const frame = this.#frames.pop()!
    let cost = Math.max(this.#cost, frame.branchCost)
    // Without an else, the other arm falls through.
    if (frame.kind === 'if') cost = Math.max(cost, frame.startCost)
    this.#cost = cost
    if (frame.kind === 'function') {
      this.exitCost = Math.max(this.exitCost, cost)
      this.#cost = -1
    }
  }

  #branch(opcode: number, reachable: boolean, start: number): void {
    const frames = this.#labels.map((label) => this.#frameAt(label))
    if (!reachable) return
    if (frames.some((frame) => frame.kind === 'loop')) this.#charge(start)
    for (const frame of frames) this.#reach(frame, this.#cost)
    if (opcode !== OP.brIf) this.#cost = -1
  }

  #reach(frame: Frame, cost: number): void {
    frame.branchCost = frame.kind === 'loop' ? -1 : Math.max(frame.branchCost, cost)
  }

  #frameAt(label: number): Frame {
    const frame = this.#frames[this.#frames.length - 1 - label]
    if (frame === undefined) throw new BinaryFormatError('branch to a label that is not there')
    return frame
  }

  /** Charges what has been run up, before the instruction that begins at `at`. */
  #charge(at: number): void {
    this.#copyTo(at)
    writeCharge(this.code, this.#cost, this.locals.first, this.#meter)
    this.#cost = 0
  }

  #chargeLength(operation: number, start: number): void {
    const shift = bulkLengthShift(operation)
    if (shift === undefined) return
    this.#copyTo(start)
    writeLengthCharge(this.code, { shift, fixed: this.#cost + CALL_COST }, this.locals.first, this.#meter)
    this.#cost = 0
  }

  /** Marks what the store at `start` writes, in reachable code or not. */
  #mark(type: number, start: number): void {
    const { bytes, at } = this.#reader
    const memarg = new ByteReader(bytes, start + 1, at)
    // Behind the second opcode of a vector's.
    if (bytes[start] === OP.prefixSimd) memarg.u32()
    this.#copyTo(start)
    writeMark(this.code, { type, offset: readMemarg(memarg) }, this.locals)
  }

  #copyTo(at: number): void {
    this.code.write(this.#reader.bytes.subarray(this.#pending, at))
    this.#pending = at
  }
}
