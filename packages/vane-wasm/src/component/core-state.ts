import { BinaryFormatError, BinaryReader } from './binary-reader.ts'
import { CORE_SECTION, skipValueType, type CoreSection } from './core-module.ts'

/**
 * Whether all that can change in an instance of a core module are its memories, globals and tables. What else there might be:
 * dropped data and element segments, objects of the garbage collector that an immutable global holds on to.
 */
export function hasOnlyPlainState(bytes: Uint8Array, sections: readonly CoreSection[]): boolean {
  return (
    hasOnlyFunctionTypes(bytes, sections) && !hasPassiveElements(bytes, sections) && !usesDataSegments(bytes, sections)
  )
}

function readerOf(bytes: Uint8Array, { contentStart, end }: CoreSection): BinaryReader {
  return new BinaryReader(bytes, contentStart, end)
}

function hasOnlyFunctionTypes(bytes: Uint8Array, sections: readonly CoreSection[]): boolean {
  const section = sections.find(({ id }) => id === CORE_SECTION.type)
  if (section === undefined) return true
  const reader = readerOf(bytes, section)
  for (let left = reader.u32(); left > 0; left--) {
    if (reader.byte() !== 0x60) return false
    reader.vector(() => skipValueType(reader))
    reader.vector(() => skipValueType(reader))
  }
  return true
}

/**
 * `memory.init` and `data.drop` are valid only behind a data count section (core specification, §5.5.16): a module that stays valid
 * without that section has neither.
 */
function usesDataSegments(bytes: Uint8Array, sections: readonly CoreSection[]): boolean {
  const section = sections.find(({ id }) => id === CORE_SECTION.dataCount)
  if (section === undefined) return false
  const without = new Uint8Array(bytes.length - (section.end - section.start))
  without.set(bytes.subarray(0, section.start))
  without.set(bytes.subarray(section.end), section.start)
  return !WebAssembly.validate(without)
}

/** Active and declared segments are dropped while the module is instantiated; only passive ones can be dropped later. */
function hasPassiveElements(bytes: Uint8Array, sections: readonly CoreSection[]): boolean {
  const section = sections.find(({ id }) => id === CORE_SECTION.element)
  if (section === undefined) return false
  const reader = readerOf(bytes, section)
  for (let left = reader.u32(); left > 0; left--) {
    const flags = reader.u32()
    if (flags > 7) throw new BinaryFormatError(`unknown element segment ${flags}`)
    const isPassive = (flags & 0b011) === 0b001
    if (isPassive) return true
    skipActiveOrDeclaredElement(reader, flags)
  }
  return false
}

function skipActiveOrDeclaredElement(reader: BinaryReader, flags: number): void {
  const isActive = (flags & 0b001) === 0
  const isExplicit = (flags & 0b010) !== 0
  const holdsExpressions = (flags & 0b100) !== 0
  if (isActive) {
    if (isExplicit) reader.u32()
    skipConstantExpression(reader)
  }
  if (isExplicit) {
    if (holdsExpressions) skipValueType(reader)
    else reader.byte()
  }
  reader.vector(() => {
    if (holdsExpressions) skipConstantExpression(reader)
    else reader.u32()
  })
}

function skipConstantExpression(reader: BinaryReader): void {
  for (;;) {
    const opcode = reader.byte()
    if (opcode === 0x0b) return
    if (opcode === 0x41 || opcode === 0x42) while ((reader.byte() & 0x80) !== 0);
    else if (opcode === 0x23 || opcode === 0xd2) reader.u32()
    else if (opcode === 0xd0) reader.s33()
    else if (opcode < 0x6a || (opcode > 0x6c && opcode < 0x7c) || opcode > 0x7e) {
      throw new BinaryFormatError(`unknown opcode 0x${opcode.toString(16)} in a constant expression`)
    }
  }
}
