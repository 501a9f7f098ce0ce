import { BinaryFormatError } from '../binary/binary-format-error.ts'
import type { ByteReader } from '../binary/byte-reader.ts'
import type { CoreSort, Sort } from './component-binary.ts'

const SORTS: readonly (Sort | undefined)[] = [undefined, 'func', 'value', 'type', 'component', 'instance']

const CORE_SORTS: ReadonlyMap<number, CoreSort> = new Map([
  [0x00, 'func'],
  [0x01, 'table'],
  [0x02, 'memory'],
  [0x03, 'global'],
  [0x04, 'tag'],
  [0x10, 'type'],
  [0x11, 'module'],
  [0x12, 'instance'],
])

/** Reads the sort of a component-level definition. */
export function readSort(reader: ByteReader): Sort {
  const byte = reader.u8()
  if (byte === 0) return toOuterSort(readCoreSort(reader))
  return toSort(byte)
}

/** Reads the sort of a core definition. */
export function readCoreSort(reader: ByteReader): CoreSort {
  const byte = reader.u8()
  const sort = CORE_SORTS.get(byte)
  if (sort === undefined) throw unknownByte('core sort', byte)
  return sort
}

/** The sort with a code other than 0, which stands for the core sorts. */
export function toSort(byte: number): Sort {
  const sort = SORTS[byte]
  if (sort === undefined) throw unknownByte('sort', byte)
  return sort
}

/** Modules are the one core sort that component-level names can stand for. */
export function toOuterSort(sort: CoreSort): Sort {
  return sort === 'module' ? 'core-module' : 'core-other'
}

/** Reads a byte that can only be the one. */
export function expectByte(reader: ByteReader, expected: number, what: string): void {
  const byte = reader.u8()
  if (byte !== expected) throw unknownByte(what, byte)
}

/** Reads a byte that is 0 or 1. */
export function readFlag(reader: ByteReader): boolean {
  const byte = reader.u8()
  if (byte > 1) throw unknownByte('flag', byte)
  return byte === 1
}

/** The error for a byte that has no meaning where it stands. */
export function unknownByte(what: string, byte: number): BinaryFormatError {
  return new BinaryFormatError(`unknown ${what} 0x${byte.toString(16).padStart(2, '0')}`)
}
