import { BinaryFormatError } from '../binary/binary-format-error.ts'
import type { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { Declaration, TypeDefinition, TypeRef } from './component-binary.ts'
import { readAlias } from './read-alias.ts'
import { readExternDescription, readExternName } from './read-extern.ts'
import { expectByte, readFlag, unknownByte } from './read-sort.ts'

const MAX_NESTING = 32

/** Types that stand for what this host does not have. */
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [0x43, 'an asynchronous function'],
  [0x3e, 'a resource with an asynchronous destructor'],
  [0x63, 'a map'],
  [0x64, 'an error context'],
  [0x65, 'a future'],
  [0x66, 'a stream'],
  [0x67, 'a list of fixed length'],
])

/** Reads one type definition. @param depth of instance and component types around it. */
export function readTypeDefinition(reader: ByteReader, depth: number): TypeDefinition {
  if (depth > MAX_NESTING) throw new UnsupportedError(`types nested more than ${MAX_NESTING} deep`)
  const opcode = reader.u8()
  // Primitive types stand for themselves, with the code that a reference to them would have.
  if (opcode >= 0x73 && opcode <= 0x7f) return { kind: 'primitive', code: opcode - 0x80 }
  if (opcode === 0x41 || opcode === 0x42) {
    const kind = opcode === 0x42 ? 'instance' : 'component'
    return { kind, declarations: reader.vector(() => readDeclaration(reader, depth)) }
  }
  if (opcode === 0x40) return readFunction(reader)
  if (opcode === 0x3f) {
    expectByte(reader, 0x7f, 'resource representation')
    return { kind: 'resource', destructor: readFlag(reader) ? reader.u32() : undefined }
  }
  return readValueType(opcode, reader)
}

function readValueType(opcode: number, reader: ByteReader): TypeDefinition {
  switch (opcode) {
    case 0x72:
      return { kind: 'record', fields: reader.vector(() => ({ name: reader.name(), type: reader.s33() })) }
    case 0x71:
      return { kind: 'variant', cases: reader.vector(() => readCase(reader)) }
    case 0x70:
      return { kind: 'list', of: reader.s33() }
    case 0x6f:
      return { kind: 'tuple', items: reader.vector(() => reader.s33()) }
    case 0x6e:
      return { kind: 'flags', names: reader.vector(() => reader.name()) }
    case 0x6d:
      return { kind: 'enum', names: reader.vector(() => reader.name()) }
    case 0x6b:
      return { kind: 'option', of: reader.s33() }
    case 0x6a:
      return { kind: 'result', ok: readOptional(reader), err: readOptional(reader) }
    case 0x69:
      return { kind: 'own', resource: reader.u32() }
    case 0x68:
      return { kind: 'borrow', resource: reader.u32() }
    default: {
      const known = UNSUPPORTED.get(opcode)
      throw known === undefined ? unknownByte('type', opcode) : new UnsupportedError(known)
    }
  }
}

function readCase(reader: ByteReader): { name: string; type: TypeRef | undefined } {
  const found = { name: reader.name(), type: readOptional(reader) }
  // Refinements were never specified further.
  if (readFlag(reader)) reader.u32()
  return found
}

function readFunction(reader: ByteReader): TypeDefinition {
  const params = reader.vector(() => ({ name: reader.name(), type: reader.s33() }))
  const hasNoResult = readFlag(reader)
  if (hasNoResult) expectByte(reader, 0x00, 'result list')
  return { kind: 'func', params, result: hasNoResult ? undefined : reader.s33() }
}

function readDeclaration(reader: ByteReader, depth: number): Declaration {
  const opcode = reader.u8()
  switch (opcode) {
    case 0x01:
      return { kind: 'type', type: readTypeDefinition(reader, depth + 1) }
    case 0x02: {
      const alias = readAlias(reader)
      if (alias.kind === 'alias-core-export') throw new BinaryFormatError('an alias of a core export in a type')
      return alias
    }
    case 0x03:
    case 0x04: {
      const name = readExternName(reader)
      return { kind: opcode === 0x03 ? 'import' : 'export', name, description: readExternDescription(reader) }
    }
    default:
      throw unknownByte('declaration in a type', opcode)
  }
}

function readOptional(reader: ByteReader): TypeRef | undefined {
  return readFlag(reader) ? reader.s33() : undefined
}
