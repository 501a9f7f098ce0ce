import type { ByteReader } from '../binary/byte-reader.ts'
import type { Alias } from './component-binary.ts'
import { readCoreSort, toOuterSort, toSort, unknownByte } from './read-sort.ts'

/** Reads an alias, in a component or in a type. */
export function readAlias(reader: ByteReader): Alias {
  const sortByte = reader.u8()
  const coreSort = sortByte === 0 ? readCoreSort(reader) : undefined
  const target = reader.u8()
  if (target === 0x01) {
    if (coreSort === undefined) throw unknownByte('alias sort', sortByte)
    return { kind: 'alias-core-export', sort: coreSort, instance: reader.u32(), name: reader.name() }
  }
  const sort = coreSort === undefined ? toSort(sortByte) : toOuterSort(coreSort)
  if (target === 0x00) return { kind: 'alias-export', sort, instance: reader.u32(), name: reader.name() }
  if (target === 0x02) return { kind: 'alias-outer', sort, count: reader.u32(), index: reader.u32() }
  throw unknownByte('alias target', target)
}
