import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { ComponentBinary, Definition, NamedIndex, Sort } from './component-binary.ts'
import { readAlias } from './read-alias.ts'
import { readCanon } from './read-canon.ts'
import { readExternDescription, readExternName } from './read-extern.ts'
import { expectByte, readCoreSort, readSort, unknownByte } from './read-sort.ts'
import { readTypeDefinition } from './read-type.ts'

/** Components inside components: the toolchain that goes deepest goes to three. */
const MAX_NESTING = 16

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00] as const

/**
 * Parses a component's binary form (Component Model, `Binary.md`). Core modules stay views of `bytes`.
 *
 * @throws BinaryFormatError and nothing else.
 */
export function parseComponent(bytes: Uint8Array): ComponentBinary {
  return readComponent(new ByteReader(bytes), 0)
}

function readComponent(reader: ByteReader, depth: number): ComponentBinary {
  if (depth > MAX_NESTING) throw new UnsupportedError(`components nested more than ${MAX_NESTING} deep`)
  for (const byte of PREAMBLE) if (reader.u8() !== byte) throw new BinaryFormatError('no component where one should be')
  const definitions: Definition[] = []
  while (!reader.done) {
    const id = reader.u8()
    readSection(id, reader.section(), { definitions, depth })
  }
  return { definitions }
}

interface Into {
  readonly definitions: Definition[]
  readonly depth: number
}

function readSection(id: number, reader: ByteReader, { definitions, depth }: Into): void {
  const all = (read: () => Definition): void => {
    reader.forEach(() => void definitions.push(read()))
    if (!reader.done) throw new BinaryFormatError(`bytes left over in component section ${id}`)
  }
  switch (id) {
    case 0: // custom
    case 3: // core types: nothing that is supported refers to them
      return
    case 1:
      definitions.push({ kind: 'core-module', bytes: reader.bytes.subarray(reader.at, reader.end) })
      return
    case 2:
      return all(() => readCoreInstance(reader))
    case 4:
      definitions.push({ kind: 'component', component: readComponent(reader, depth + 1) })
      return
    case 5:
      return all(() => readInstance(reader))
    case 6:
      return all(() => readAlias(reader))
    case 7:
      return all(() => ({ kind: 'type', type: readTypeDefinition(reader, 0) }))
    case 8:
      return all(() => readCanon(reader))
    case 9:
      throw new UnsupportedError('a start function of the component')
    case 10:
      return all(() => ({ kind: 'import', name: readExternName(reader), description: readExternDescription(reader) }))
    case 11:
      return all(() => readExport(reader))
    default:
      throw new BinaryFormatError(`unknown component section ${id}`)
  }
}

function readCoreInstance(reader: ByteReader): Definition {
  const form = reader.u8()
  if (form === 0) {
    const module = reader.u32()
    const args = reader.vector(() => {
      const name = reader.name()
      expectByte(reader, 0x12, 'core instantiation argument')
      return { name, instance: reader.u32() }
    })
    return { kind: 'core-instantiate', module, args }
  }
  if (form !== 1) throw unknownByte('core instance', form)
  const exports = reader.vector(() => {
    const name = reader.name()
    return { name, sort: readCoreSort(reader), index: reader.u32() }
  })
  return { kind: 'core-bundle', exports }
}

function readInstance(reader: ByteReader): Definition {
  const form = reader.u8()
  if (form === 0) {
    const component = reader.u32()
    return { kind: 'instantiate', component, args: reader.vector(() => readNamed(reader, reader.name())) }
  }
  if (form !== 1) throw unknownByte('instance', form)
  return { kind: 'bundle', exports: reader.vector(() => readNamed(reader, readExternName(reader))) }
}

function readNamed(reader: ByteReader, name: string): NamedIndex<Sort> {
  return { name, sort: readSort(reader), index: reader.u32() }
}

function readExport(reader: ByteReader): Definition {
  const { name, sort, index } = readNamed(reader, readExternName(reader))
  const isDescribed = reader.u8()
  if (isDescribed > 1) throw unknownByte('export', isDescribed)
  if (isDescribed === 1) readExternDescription(reader)
  return { kind: 'export', name, sort, index }
}
