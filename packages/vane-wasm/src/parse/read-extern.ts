import { BinaryFormatError } from '../binary/binary-format-error.ts'
import type { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { ExternDescription } from './component-binary.ts'
import { expectByte, readFlag, unknownByte } from './read-sort.ts'

/** Reads the name of an import or export, with or without a version suffix of its own. */
export function readExternName(reader: ByteReader): string {
  const form = reader.u8()
  if (form > 0x02) throw unknownByte('form of name', form)
  const name = reader.name()
  if (form === 0x02) reader.name()
  return name
}

/** Reads what stands behind an imported or exported name. */
export function readExternDescription(reader: ByteReader): ExternDescription {
  const sort = reader.u8()
  switch (sort) {
    case 0x00:
      expectByte(reader, 0x11, 'core sort of an import or export')
      return { sort: 'core-module', type: reader.u32() }
    case 0x01:
      return { sort: 'func', type: reader.u32() }
    case 0x02:
      throw new UnsupportedError('an import or export that is a value')
    case 0x03:
      return { sort: 'type', equals: readFlag(reader) ? undefined : reader.u32() }
    case 0x04:
      return { sort: 'component', type: reader.u32() }
    case 0x05:
      return { sort: 'instance', type: reader.u32() }
    default:
      throw new BinaryFormatError(`unknown sort of import or export 0x${sort.toString(16)}`)
  }
}
