import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import { skipConstantExpression, skipValueType } from './instructions.ts'
import { isMeterName } from './meter-names.ts'
import { SECTION, parseSections, type Sections } from './sections.ts'

/** Bounds of a memory in pages, or of a table in elements. */
export interface Limits {
  readonly min: number
  readonly max: number | undefined
}

/** A core module, as far as rewriting it asks. */
export interface CoreModule {
  readonly bytes: Uint8Array
  readonly sections: Sections
  /** Number of parameters by type index. */
  readonly paramCounts: readonly number[]
  /** Type index of each function that the module defines. */
  readonly functionTypes: readonly number[]
  /** How long each of them takes to compile, where that has been measured. */
  readonly compileWork: readonly number[]
  /** Whether they may catch exceptions, unless that has been looked for and not found. */
  readonly catches: boolean
  readonly imports: ImportCounts
  /** The memory that it defines. */
  readonly memory: Limits | undefined
  /** The tables that it defines. */
  readonly tables: readonly TableType[]
  readonly globals: GlobalState
  /** Kinds of its exports: 0 is a function, 1 a table, 2 a memory, 3 a global, 4 a tag. */
  readonly exports: ReadonlyMap<string, number>
}

/** Numbers of things that a module imports. */
export interface ImportCounts {
  readonly functions: number
  readonly tables: number
  readonly memories: number
  readonly globals: number
  readonly tags: number
}

/** A table with the code of its element type. */
export interface TableType extends Limits {
  readonly element: number
}

/** A mutable global with the code of its type. */
export interface MutableGlobal {
  readonly index: number
  readonly type: number
}

/** Mutable globals that a module defines. */
export interface GlobalState {
  readonly count: number
  /** Those whose values can be kept. */
  readonly mutable: readonly MutableGlobal[]
  readonly hasUnreadable: boolean
}

/** Values that JavaScript gets no hold of. */
const V128 = 0x7b
/** Exceptions, which JavaScript gets no hold of either. */
export const EXNREF = 0x69

/**
 * Reads a core module that the engine has found valid.
 *
 * @throws BinaryFormatError
 */
export function readCoreModule(bytes: Uint8Array): CoreModule {
  const sections = parseSections(bytes)
  const imports = readImports(sections)
  const memories = readVector(sections, SECTION.memory, (reader) => readLimits(reader, 'memory'))
  if (imports.memories + memories.length > 1) throw new UnsupportedError('more than one memory in a core module')
  return {
    bytes,
    sections,
    paramCounts: readVector(sections, SECTION.type, readParamCount),
    functionTypes: readVector(sections, SECTION.function, (reader) => reader.u32()),
    compileWork: [],
    catches: true,
    imports,
    memory: memories[0],
    tables: readVector(sections, SECTION.table, readTable),
    globals: readGlobals(sections, imports.globals),
    exports: readExports(sections),
  }
}

function readVector<T>(sections: Sections, id: number, read: (reader: ByteReader) => T): T[] {
  const payload = sections.get(id)
  if (payload === undefined) return []
  const reader = new ByteReader(payload)
  return reader.vector(() => read(reader))
}

function readParamCount(reader: ByteReader): number {
  const form = reader.u8()
  if (form !== 0x60) throw new UnsupportedError(`type form 0x${form.toString(16)} (garbage collection)`)
  const params = reader.u32()
  for (let i = 0; i < params; i++) skipValueType(reader)
  for (let results = reader.u32(); results > 0; results--) skipValueType(reader)
  return params
}

function readImports(sections: Sections): ImportCounts {
  const found = { functions: 0, tables: 0, memories: 0, globals: 0, tags: 0 }
  readVector(sections, SECTION.import, (reader) => {
    refuseReserved(reader.name())
    refuseReserved(reader.name())
    const kind = reader.u8()
    if (kind === 0) {
      found.functions++
      reader.u32()
    } else if (kind === 1) {
      found.tables++
      readTable(reader)
    } else if (kind === 2) {
      found.memories++
      readLimits(reader, 'memory')
    } else if (kind === 3) {
      found.globals++
      skipValueType(reader)
      reader.u8()
    } else if (kind === 4) {
      found.tags++
      reader.u8()
      reader.u32()
    } else throw new BinaryFormatError(`unknown import kind ${kind}`)
  })
  return found
}

function readExports(sections: Sections): Map<string, number> {
  const exports = readVector(sections, SECTION.export, (reader) => {
    const name = reader.name()
    refuseReserved(name)
    const kind = reader.u8()
    reader.u32()
    return [name, kind] as const
  })
  return new Map(exports)
}

function refuseReserved(name: string): void {
  if (isMeterName(name)) throw new UnsupportedError('a name that is reserved for metering')
}

/** A table that begins with other entries than null is written otherwise, and refused. */
function readTable(reader: ByteReader): TableType {
  const element = reader.bytes[reader.at] ?? 0
  if (element === 0x40) throw new UnsupportedError('a table whose elements have an initial value')
  skipValueType(reader)
  return { element, ...readLimits(reader, 'table') }
}

function readLimits(reader: ByteReader, what: string): Limits {
  const flags = reader.u8()
  if (flags & 0x02) throw new UnsupportedError(`a shared ${what}`)
  if (flags & 0x04) throw new UnsupportedError(`a 64-bit ${what}`)
  if (flags > 1) throw new UnsupportedError(`${what} limits of form 0x${flags.toString(16)}`)
  const min = reader.u32()
  return { min, max: flags === 1 ? reader.u32() : undefined }
}

function readGlobals(sections: Sections, firstIndex: number): GlobalState {
  const mutable: MutableGlobal[] = []
  let hasUnreadable = false
  let count = 0
  readVector(sections, SECTION.global, (reader) => {
    const type = reader.bytes[reader.at] ?? 0
    skipValueType(reader)
    if (reader.u8() === 1) {
      if (type === V128 || type === EXNREF) hasUnreadable = true
      else mutable.push({ index: firstIndex + count, type })
    }
    skipConstantExpression(reader)
    count++
  })
  return { count, mutable, hasUnreadable }
}
