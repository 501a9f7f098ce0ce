import type { ByteReader } from '../binary/byte-reader.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { CanonOptions, Definition, StringEncoding } from './component-binary.ts'
import { expectByte } from './read-sort.ts'

const ENCODINGS: readonly StringEncoding[] = ['utf8', 'utf16', 'latin1+utf16']

/** Reads a canonical definition. Those of the asynchronous ABI keep state outside of the component's memories. */
export function readCanon(reader: ByteReader): Definition {
  const opcode = reader.u8()
  switch (opcode) {
    case 0x00: {
      expectByte(reader, 0x00, 'lift')
      const coreFunc = reader.u32()
      const options = readOptions(reader)
      return { kind: 'lift', coreFunc, options, type: reader.u32() }
    }
    case 0x01:
      expectByte(reader, 0x00, 'lower')
      return { kind: 'lower', func: reader.u32(), options: readOptions(reader) }
    case 0x02:
      return { kind: 'resource', operation: 'new', type: reader.u32() }
    case 0x03:
      return { kind: 'resource', operation: 'drop', type: reader.u32() }
    case 0x04:
      return { kind: 'resource', operation: 'rep', type: reader.u32() }
    default:
      throw asynchronous('built-in', opcode)
  }
}

function readOptions(reader: ByteReader): CanonOptions {
  let encoding: StringEncoding = 'utf8'
  let memory: number | undefined
  let realloc: number | undefined
  let postReturn: number | undefined
  reader.forEach(() => {
    const option = reader.u8()
    const named = ENCODINGS[option]
    if (named !== undefined) encoding = named
    else if (option === 0x03) memory = reader.u32()
    else if (option === 0x04) realloc = reader.u32()
    else if (option === 0x05) postReturn = reader.u32()
    else throw asynchronous('option', option)
  })
  return { encoding, memory, realloc, postReturn }
}

function asynchronous(what: string, code: number): UnsupportedError {
  return new UnsupportedError(`canonical ${what} 0x${code.toString(16)}; build the plugin without the asynchronous ABI`)
}
