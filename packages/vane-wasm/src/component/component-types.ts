import { BinaryFormatError, type BinaryReader } from './binary-reader.ts'

/** What an entry of a component's type index space is, as far as we ask. */
export interface ComponentType {
  /** Names of the functions that an instance of this type has; `undefined` for every other sort of type. */
  readonly functions: readonly string[] | undefined
}

/** What stands behind a name in an import, an export or an interface. */
export interface ExternDescription {
  readonly sort: 'core-module' | 'function' | 'value' | 'type' | 'component' | 'instance'
  /** Index of its type, where it has one. */
  readonly typeIndex?: number
  /** For `type`: whether it names a resource of its own rather than a type that is known already. */
  readonly isResource?: boolean
}

const OTHER: ComponentType = { functions: undefined }
const RESULT_OR_NONE = 'presence flag'

/** Reads one entry of a type section (Component Model, Binary.md, "Type Definitions"). */
export function readComponentType(reader: BinaryReader): ComponentType {
  const opcode = reader.byte()
  if (opcode === 0x42) return { functions: readInstanceType(reader) }
  if (opcode === 0x41) readDeclarations(reader, () => {})
  else if (opcode === 0x40 || opcode === 0x43) readFunctionType(reader)
  else if (opcode === 0x3f || opcode === 0x3e) readResourceType(reader, opcode)
  else readValueTypeDefinition(reader, opcode)
  return OTHER
}

/** Reads the description behind the name of an import or export. */
export function readExternDescription(reader: BinaryReader): ExternDescription {
  const sort = reader.byte()
  if (sort === 0x00) {
    expectByte(reader, 0x11, 'core sort')
    return { sort: 'core-module', typeIndex: reader.u32() }
  }
  if (sort === 0x01) return { sort: 'function', typeIndex: reader.u32() }
  if (sort === 0x02) {
    if (readFlag(reader, 'value bound')) reader.s33()
    else reader.u32()
    return { sort: 'value' }
  }
  if (sort === 0x03) {
    const isResource = readFlag(reader, 'type bound')
    return isResource ? { sort: 'type', isResource } : { sort: 'type', isResource, typeIndex: reader.u32() }
  }
  if (sort === 0x04) return { sort: 'component', typeIndex: reader.u32() }
  if (sort === 0x05) return { sort: 'instance', typeIndex: reader.u32() }
  throw unknown(reader, 'sort of import or export', sort)
}

/** Reads the name of an import or export, with or without a version suffix of its own. */
export function readExternName(reader: BinaryReader): string {
  const form = reader.byte()
  if (form > 0x02) throw unknown(reader, 'form of name', form)
  const name = reader.name()
  if (form === 0x02) reader.name()
  return name
}

/** Reads an alias; answers whether it adds a type to the index space. */
export function readAlias(reader: BinaryReader): { readonly addsType: boolean } {
  const sort = reader.byte()
  if (sort === 0x00) reader.byte()
  const target = reader.byte()
  reader.u32()
  if (target === 0x00 || target === 0x01) reader.name()
  else if (target === 0x02) reader.u32()
  else throw unknown(reader, 'alias target', target)
  return { addsType: sort === 0x03 }
}

function readInstanceType(reader: BinaryReader): string[] {
  const functions: string[] = []
  readDeclarations(reader, (name, description) => {
    if (description.sort === 'function') functions.push(name)
  })
  return functions
}

function readDeclarations(
  reader: BinaryReader,
  onExport: (name: string, description: ExternDescription) => void,
): void {
  reader.vector(() => {
    const opcode = reader.byte()
    if (opcode === 0x01) readComponentType(reader)
    else if (opcode === 0x02) readAlias(reader)
    else if (opcode === 0x03) {
      readExternName(reader)
      readExternDescription(reader)
    } else if (opcode === 0x04) onExport(readExternName(reader), readExternDescription(reader))
    else throw unknown(reader, 'declaration in a type', opcode)
  })
}

function readFunctionType(reader: BinaryReader): void {
  reader.vector(() => {
    reader.name()
    reader.s33()
  })
  const hasNoResult = readFlag(reader, 'result list')
  if (hasNoResult) expectByte(reader, 0x00, 'result list')
  else reader.s33()
}

function readResourceType(reader: BinaryReader, opcode: number): void {
  expectByte(reader, 0x7f, 'resource representation')
  if (opcode === 0x3e) reader.u32()
  if (readFlag(reader, RESULT_OR_NONE)) reader.u32()
}

function readValueTypeDefinition(reader: BinaryReader, opcode: number): void {
  // 0x73 to 0x7f are string down to bool, 0x64 is error-context: each stands for itself.
  if ((opcode >= 0x73 && opcode <= 0x7f) || opcode === 0x64) return
  switch (opcode) {
    case 0x72: // record
      return reader.vector(() => {
        reader.name()
        reader.s33()
      })
    case 0x71: // variant
      return reader.vector(() => {
        reader.name()
        readOptionalType(reader)
        if (readFlag(reader, 'refinement')) reader.u32()
      })
    case 0x70: // list
    case 0x6b: // option
      reader.s33()
      return
    case 0x67: // list of fixed length
      reader.s33()
      reader.u32()
      return
    case 0x63: // map
      reader.s33()
      reader.s33()
      return
    case 0x6f: // tuple
      return reader.vector(() => void reader.s33())
    case 0x6e: // flags
    case 0x6d: // enum
      return reader.vector(() => void reader.name())
    case 0x6a: // result
      readOptionalType(reader)
      readOptionalType(reader)
      return
    case 0x69: // own
    case 0x68: // borrow
      reader.u32()
      return
    case 0x66: // stream
    case 0x65: // future
      readOptionalType(reader)
      return
    default:
      throw unknown(reader, 'type', opcode)
  }
}

function readOptionalType(reader: BinaryReader): void {
  if (readFlag(reader, RESULT_OR_NONE)) reader.s33()
}

function readFlag(reader: BinaryReader, what: string): boolean {
  const byte = reader.byte()
  if (byte > 1) throw unknown(reader, what, byte)
  return byte === 1
}

function expectByte(reader: BinaryReader, expected: number, what: string): void {
  const byte = reader.byte()
  if (byte !== expected) throw unknown(reader, what, byte)
}

function unknown(reader: BinaryReader, what: string, opcode: number): BinaryFormatError {
  return new BinaryFormatError(
    `unknown ${what} 0x${opcode.toString(16).padStart(2, '0')} at byte ${reader.position - 1}`,
  )
}
