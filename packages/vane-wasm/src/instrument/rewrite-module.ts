import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { ByteReader } from '../binary/byte-reader.ts'
import { ByteWriter } from '../binary/byte-writer.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { MeterIndices } from './body-meter.ts'
import { writeCopyFunction, writeFillFunction } from './bulk-code.ts'
import type { FirstCharge } from './charge-code.ts'
import type { ModuleCaps } from './core-limits.ts'
import { compileCostOf } from './costs.ts'
import { EXNREF, type CoreModule } from './core-module.ts'
import { meterFunction } from './meter-function.ts'
import { METER_EXPORTS } from './meter-names.ts'
import {
  mapPagesFor,
  MAP_MEMORY,
  writeMarkFunction,
  writeRestoreFunction,
  writeSaveFunction,
  writeZero,
  type ResetIndices,
} from './reset-code.ts'
import { SECTION } from './sections.ts'

/** An instance with more mutable globals than this is replaced rather than reset. */
const MAX_RESET_GLOBALS = 256

/** Of a memory, by the engine. */
const MAX_PAGES = 65_536

/** Rewritten code may be at most this many times its original, so that no module can swell without bound. */
const MAX_GROWTH = 6

/**
 * The engine compiles a function when it is first called, on the thread that calls it, and nothing can stop it meanwhile.
 * The largest function of the largest toolchain has 172 KB.
 */
const MAX_FUNCTION_BYTES = 1024 * 1024

/** A rewritten module and what the host must know of it to put an instance back to where it began. */
export interface InstrumentedModule {
  readonly bytes: Uint8Array
  readonly state: ModuleState
}

/** Where a module keeps its state. All of it is exported under the names of `METER_EXPORTS`. */
export interface ModuleState {
  readonly ownsMemory: boolean
  /** Whether it has a map of what its code has written to its memory, be it its own or another module's. */
  readonly hasMap: boolean
  /** Whether it has functions that save and restore its memory and its mutable globals. */
  readonly hasReset: boolean
  /** Indices of the tables that it defines. */
  readonly tables: readonly number[]
  /** Whether its code can change tables, its own or another module's. */
  readonly writesTables: boolean
  /** Whether some of its state cannot be put back: dropped segments, values that JavaScript cannot read. */
  readonly isIrreversible: boolean
}

/**
 * Rewrites one core module. No index shifts: types, functions, a table, a memory, globals and exports are appended.
 *
 * A start function is taken out and exported: the host calls it once the meter is armed.
 *
 * @param callsMayThrow whether an exception may leave any call, and be caught.
 * @throws BinaryFormatError, UnsupportedError
 */
export function rewriteModule(module: CoreModule, caps: ModuleCaps, callsMayThrow: boolean = true): InstrumentedModule {
  return new Rewriter(module, caps, callsMayThrow).run()
}

class Rewriter {
  readonly #module: CoreModule
  readonly #caps: ModuleCaps
  readonly #meter: MeterIndices
  readonly #reset: ResetIndices
  readonly #hasMap: boolean
  readonly #firstCharges: readonly (FirstCharge | undefined)[]
  readonly #out: ByteWriter

  constructor(module: CoreModule, caps: ModuleCaps, callsMayThrow: boolean) {
    const { bytes, imports, paramCounts, functionTypes, memory, tables, globals } = module
    const hasMap = memory !== undefined || imports.memories > 0
    this.#module = module
    this.#caps = caps
    this.#meter = {
      slotType: paramCounts.length,
      slotTable: imports.tables + tables.length,
      fuelGlobal: imports.globals + globals.count,
      callsMayThrow,
      markFunction: imports.functions + functionTypes.length,
      fillFunction: imports.functions + functionTypes.length + 1,
      copyFunction: imports.functions + functionTypes.length + 2,
      usage: { writesTables: false, dropsSegments: false },
    }
    this.#hasMap = hasMap
    const firstGlobal = imports.globals + globals.count + 1
    this.#reset = {
      ownsMemory: memory !== undefined,
      mapPages: hasMap ? mapPagesFor(caps.maxMappedPages) : 0,
      pagesGlobal: firstGlobal,
      globals: globals.mutable.length > MAX_RESET_GLOBALS ? [] : globals.mutable,
      firstShadow: firstGlobal + 1,
    }
    this.#firstCharges = toFirstCharges(module.compileWork, this.#reset.firstShadow + this.#reset.globals.length)
    this.#out = new ByteWriter(bytes.length + (bytes.length >> 1) + 1024)
  }

  run(): InstrumentedModule {
    const { bytes, sections } = this.#module
    this.#out.write(bytes.subarray(0, 8))
    // () -> (), (i32, i32) -> (), () -> (i32) and (i32, i32, i32) -> ()
    this.#append(SECTION.type, 4, [0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 0, 1, 0x7f, 0x60, 3, 0x7f, 0x7f, 0x7f, 0])
    this.#copy(SECTION.import)
    this.#emit(SECTION.function, (out) => this.#writeFunctions(out))
    this.#emit(SECTION.table, (out) => this.#writeTables(out))
    if (this.#hasMap) this.#emit(SECTION.memory, (out) => this.#writeMemories(out))
    this.#copy(SECTION.tag)
    this.#emit(SECTION.global, (out) => this.#writeGlobals(out))
    this.#emit(SECTION.export, (out) => this.#writeExports(out))
    this.#copy(SECTION.element)
    this.#copy(SECTION.dataCount)
    this.#emit(SECTION.code, (out) => this.#writeCode(out))
    this.#copy(SECTION.data)
    const { names } = sections
    if (names !== undefined) this.#emit(SECTION.custom, (out) => out.write(names))
    return { bytes: this.#out.finish(), state: this.#toState() }
  }

  #toState(): ModuleState {
    const { globals, memory, tables } = this.#module
    const { writesTables, dropsSegments } = this.#meter.usage
    const isUnreadable = globals.hasUnreadable || (writesTables && tables.some(({ element }) => element === EXNREF))
    return {
      ownsMemory: memory !== undefined,
      hasMap: this.#hasMap,
      hasReset: this.#hasReset,
      tables: this.#tableIndices(),
      writesTables,
      isIrreversible: dropsSegments || isUnreadable || globals.mutable.length > MAX_RESET_GLOBALS,
    }
  }

  get #hasReset(): boolean {
    return this.#reset.ownsMemory || this.#reset.globals.length > 0
  }

  /** Functions that are appended, with their types: how many there are depends on what there is to mark and to put back. */
  get #addedFunctions(): readonly (readonly [type: number, write: (out: ByteWriter) => void])[] {
    const { slotType } = this.#meter
    const mark = [slotType + 1, writeMarkFunction] as const
    const fill = [slotType + 3, (out: ByteWriter) => writeFillFunction(out, this.#meter)] as const
    const copy = [slotType + 3, (out: ByteWriter) => writeCopyFunction(out, this.#meter)] as const
    const save = [slotType + 2, (out: ByteWriter) => writeSaveFunction(out, this.#reset)] as const
    const restore = [slotType + 2, (out: ByteWriter) => writeRestoreFunction(out, this.#reset)] as const
    return [...(this.#hasMap ? [mark, fill, copy] : []), ...(this.#hasReset ? [save, restore] : [])]
  }

  #writeFunctions(out: ByteWriter): void {
    const added = this.#addedFunctions
    writeGrown(out, this.#module.sections.get(SECTION.function), added.length)
    for (const [type] of added) out.u32(type)
  }

  #writeMemories(out: ByteWriter): void {
    const { memory } = this.#module
    const { mapPages } = this.#reset
    out.u32(memory === undefined ? 1 : 2)
    if (memory !== undefined) writeLimits(out, memory.min, this.#caps.maxPages)
    // Behind the map there is room for an image of the memory.
    const most = mapPages + (memory === undefined ? 0 : this.#caps.maxPages)
    writeLimits(out, Math.min(mapPages + (memory?.min ?? 0), MAX_PAGES), Math.min(most, MAX_PAGES))
  }

  #writeGlobals(out: ByteWriter): void {
    const { globals } = this.#reset
    const flagCount = Math.ceil(this.#firstCharges.filter((charge) => charge !== undefined).length / FLAG_BITS)
    const flags = new Array<number>(flagCount).fill(0x7f)
    writeGrown(out, this.#module.sections.get(SECTION.global), 2 + globals.length + flagCount)
    // Fuel, starting empty: the first charge asks the host. Then how many pages were saved, what globals held, and which functions have
    // been called.
    for (const type of [0x7f, 0x7f, ...globals.map((global) => global.type), ...flags]) {
      out.u8(type)
      out.u8(1)
      writeZero(out, type)
    }
  }

  #tableIndices(): number[] {
    const { imports, tables } = this.#module
    return tables.map((_, i) => imports.tables + i)
  }

  #emit(id: number, write: (section: ByteWriter) => void): void {
    const section = new ByteWriter()
    write(section)
    this.#out.u8(id)
    this.#out.sized(section.view())
  }

  #copy(id: number): void {
    const payload = this.#module.sections.get(id)
    if (payload !== undefined) this.#emit(id, (out) => out.write(payload))
  }

  /** Writes a section with more entries behind those it had. */
  #append(id: number, count: number, entries: readonly number[]): void {
    this.#emit(id, (out) => {
      writeGrown(out, this.#module.sections.get(id), count)
      for (const byte of entries) out.u8(byte)
    })
  }

  #writeTables(out: ByteWriter): void {
    const { tables } = this.#module
    out.u32(tables.length + 1)
    for (const [i, { element, min }] of tables.entries()) {
      out.u8(element)
      out.u8(1)
      out.u32(min)
      out.u32(this.#caps.maxElements[i] ?? min)
    }
    // One funcref, never more.
    for (const byte of [0x70, 0x01, 0x01, 0x01]) out.u8(byte)
  }

  #writeExports(out: ByteWriter): void {
    const { sections } = this.#module
    const { markFunction } = this.#meter
    const firstReset = markFunction + (this.#hasMap ? 3 : 0)
    const start = sections.get(SECTION.start)
    const added: [name: string, kind: number, index: number][] = [
      [METER_EXPORTS.fuel, 3, this.#meter.fuelGlobal],
      [METER_EXPORTS.slot, 1, this.#meter.slotTable],
    ]
    for (const index of this.#tableIndices()) added.push([METER_EXPORTS.table + index, 1, index])
    // A module defines its memory or imports it; with one memory, either has index 0.
    if (this.#hasMap) added.push([METER_EXPORTS.memory, 2, 0], [METER_EXPORTS.map, 2, MAP_MEMORY])
    if (this.#hasReset) added.push([METER_EXPORTS.save, 0, firstReset], [METER_EXPORTS.restore, 0, firstReset + 1])
    if (start !== undefined) added.push([METER_EXPORTS.start, 0, new ByteReader(start).u32()])
    writeGrown(out, sections.get(SECTION.export), added.length)
    for (const [name, kind, index] of added) {
      out.name(name)
      out.u8(kind)
      out.u32(index)
    }
  }

  #writeCode(out: ByteWriter): void {
    const { sections, functionTypes, paramCounts } = this.#module
    const reader = new ByteReader(sections.get(SECTION.code) ?? EMPTY_VECTOR)
    const maxBytes = reader.end * MAX_GROWTH + 65_536
    const count = reader.u32()
    if (count !== functionTypes.length) throw new BinaryFormatError('function and code sections disagree')
    const added = this.#addedFunctions
    out.u32(count + added.length)
    const body = new ByteWriter()
    for (const [i, type] of functionTypes.entries()) {
      const code = reader.section()
      if (code.end - code.at > MAX_FUNCTION_BYTES) {
        throw new UnsupportedError(
          `a function of ${code.end - code.at} bytes, more than the limit of ${MAX_FUNCTION_BYTES}`,
        )
      }
      const paramCount = paramCounts[type]
      if (paramCount === undefined) throw new BinaryFormatError('a function of a type that is not there')
      body.reset()
      meterFunction(code, { paramCount, meter: this.#meter, firstCharge: this.#firstCharges[i] }, body)
      out.sized(body.view())
      if (out.length > maxBytes)
        throw new UnsupportedError(`code that grows more than ${MAX_GROWTH}-fold under metering`)
    }
    if (!reader.done) throw new BinaryFormatError('bytes behind the last function')
    for (const [, write] of added) {
      body.reset()
      write(body)
      out.sized(body.view())
    }
  }
}

/** Of a global. */
const FLAG_BITS = 32

/** For the functions that take long to compile: a flag each, in globals from `firstFlags` on. */
function toFirstCharges(compileWork: readonly number[], firstFlags: number): (FirstCharge | undefined)[] {
  let count = 0
  return compileWork.map((work) => {
    const cost = compileCostOf(work)
    if (cost === 0) return undefined
    const number = count++
    return { cost, flags: firstFlags + Math.floor(number / FLAG_BITS), bit: 1 << (number % FLAG_BITS) }
  })
}

const EMPTY_VECTOR = new Uint8Array([0])

/** Writes the content of a vector section with a larger count in front; the entries that are more must follow. */
function writeGrown(out: ByteWriter, payload: Uint8Array = EMPTY_VECTOR, more: number): void {
  const reader = new ByteReader(payload)
  out.u32(reader.u32() + more)
  out.write(reader.bytes.subarray(reader.at))
}

function writeLimits(out: ByteWriter, min: number, max: number): void {
  out.u8(1)
  out.u32(min)
  out.u32(max)
}
