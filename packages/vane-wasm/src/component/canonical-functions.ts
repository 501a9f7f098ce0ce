import { BinaryFormatError, BinaryReader } from './binary-reader.ts'

const SECTION_COMPONENT = 4
const SECTION_CANON = 8
const OPTION_ASYNC = 0x06
/** Options that carry an index: memory, realloc, post-return, callback, core type. */
const INDEXED_OPTIONS: ReadonlySet<number> = new Set([0x03, 0x04, 0x05, 0x07, 0x08])

/**
 * Whether a component, those nested in it included, uses nothing of the canonical ABI but plain lifting, lowering and resources
 * (Component Model, Binary.md, "Canonical Definitions"). Everything else keeps state that lies outside the component's memories.
 *
 * @throws BinaryFormatError for malformed bytes.
 */
export function hasPlainCanonicalFunctions(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes)
  reader.skip(8)
  try {
    return isPlain(reader)
  } catch (error) {
    if (error instanceof RangeError) throw new BinaryFormatError('components are nested too deep', { cause: error })
    throw error
  }
}

function isPlain(reader: BinaryReader): boolean {
  while (!reader.isAtEnd) {
    const id = reader.byte()
    const section = reader.slice(reader.u32())
    if (id === SECTION_COMPONENT) {
      section.skip(8)
      if (!isPlain(section)) return false
    } else if (id === SECTION_CANON) {
      for (let left = section.u32(); left > 0; left--) if (!isPlainFunction(section)) return false
    }
  }
  return true
}

function isPlainFunction(section: BinaryReader): boolean {
  const opcode = section.byte()
  if (opcode === 0x00 || opcode === 0x01) {
    section.byte()
    section.u32()
    if (!hasPlainOptions(section)) return false
    if (opcode === 0x00) section.u32()
    return true
  }
  // resource.new, resource.drop, resource.rep
  if (opcode < 0x02 || opcode > 0x04) return false
  section.u32()
  return true
}

function hasPlainOptions(section: BinaryReader): boolean {
  for (let left = section.u32(); left > 0; left--) {
    const option = section.byte()
    if (INDEXED_OPTIONS.has(option)) section.u32()
    else if (option >= OPTION_ASYNC) return false
  }
  return true
}
