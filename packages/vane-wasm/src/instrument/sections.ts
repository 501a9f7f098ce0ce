import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { ByteReader } from '../binary/byte-reader.ts'

/** Section ids of the core binary format. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const

/** Payloads of a module's known sections by id. Custom sections are dropped, but for function names. */
export class Sections extends Map<number, Uint8Array> {
  /** Payload of the `name` section, for readable stacks. */
  names: Uint8Array | undefined
}

/** Splits a core module. @throws BinaryFormatError if it is none, or has unknown or repeated sections. */
export function parseSections(bytes: Uint8Array): Sections {
  const reader = new ByteReader(bytes)
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) {
    if (reader.u8() !== byte) throw new BinaryFormatError('no core module where one should be')
  }
  const sections = new Sections()
  while (!reader.done) {
    const id = reader.u8()
    const payload = reader.sizedBytes()
    if (id === SECTION.custom) {
      const custom = new ByteReader(payload)
      // Other custom sections may hold code offsets, which rewriting makes wrong.
      if (new TextDecoder().decode(custom.sizedBytes()) === 'name') sections.names = payload
      continue
    }
    if (id > SECTION.tag) throw new BinaryFormatError(`unknown section ${id} in a core module`)
    if (sections.has(id)) throw new BinaryFormatError(`section ${id} occurs twice in a core module`)
    sections.set(id, payload)
  }
  return sections
}
