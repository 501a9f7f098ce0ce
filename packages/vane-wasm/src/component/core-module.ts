import { BinaryFormatError, BinaryReader } from './binary-reader.ts'

/** Where a section of a core module lies. */
export interface CoreSection {
  readonly id: number
  /** Offset of its id. */
  readonly start: number
  /** Offset of its content. */
  readonly contentStart: number
  readonly end: number
}

/** Numbers of things a core module has, imported ones included: the sizes of its index spaces. */
export interface CoreCounts {
  readonly tables: number
  readonly memories: number
  readonly globals: number
}

/** Ids of the sections we ask for (WebAssembly core specification, §5.5.2). */
export const CORE_SECTION = {
  type: 1,
  import: 2,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  dataCount: 12,
} as const

/** Finds the sections of a core module. The engine has to validate it; this reads what it must of a valid one. */
export function listCoreSections(bytes: Uint8Array): CoreSection[] {
  const reader = new BinaryReader(bytes)
  reader.skip(8)
  const sections: CoreSection[] = []
  while (!reader.isAtEnd) {
    const start = reader.position
    const id = reader.byte()
    const length = reader.u32()
    const contentStart = reader.skip(length)
    sections.push({ id, start, contentStart, end: reader.position })
  }
  return sections
}

/** Counts tables, memories and globals. */
export function countCoreItems(bytes: Uint8Array, sections: readonly CoreSection[]): CoreCounts {
  const counts = { tables: 0, memories: 0, globals: 0 }
  for (const { id, contentStart, end } of sections) {
    const reader = new BinaryReader(bytes, contentStart, end)
    if (id === CORE_SECTION.import) reader.vector(() => readImport(reader, counts))
    else if (id === CORE_SECTION.table) counts.tables += reader.u32()
    else if (id === CORE_SECTION.memory) counts.memories += reader.u32()
    else if (id === CORE_SECTION.global) counts.globals += reader.u32()
  }
  return counts
}

function readImport(reader: BinaryReader, counts: { tables: number; memories: number; globals: number }): void {
  reader.name()
  reader.name()
  const kind = reader.byte()
  if (kind === 0x00) reader.u32()
  else if (kind === 0x01) {
    skipValueType(reader)
    skipLimits(reader)
    counts.tables++
  } else if (kind === 0x02) {
    skipLimits(reader)
    counts.memories++
  } else if (kind === 0x03) {
    skipValueType(reader)
    reader.byte()
    counts.globals++
  } else if (kind === 0x04) {
    reader.byte()
    reader.u32()
  } else throw new BinaryFormatError(`unknown kind of core import ${kind}`)
}

/** Steps over a value type: one byte, or a reference to a heap type. */
export function skipValueType(reader: BinaryReader): void {
  const opcode = reader.byte()
  if (opcode === 0x63 || opcode === 0x64) reader.s33()
}

function skipLimits(reader: BinaryReader): void {
  const flags = reader.byte()
  skipUnsigned(reader)
  if ((flags & 0x01) !== 0) skipUnsigned(reader)
  if ((flags & 0x08) !== 0) skipUnsigned(reader)
}

/** A limit of a 64-bit memory does not fit the reader's numbers; its value is not needed. */
function skipUnsigned(reader: BinaryReader): void {
  while ((reader.byte() & 0x80) !== 0);
}
