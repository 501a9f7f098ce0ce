import { CORE_SECTION, countCoreItems, listCoreSections, type CoreSection } from './core-module.ts'
import { BinaryReader } from './binary-reader.ts'

/** What the names of the added exports begin with. The component was validated without them, so it cannot refer to one. */
export const STATE_EXPORT_PREFIX = 'vane:state/'

const EXPORT_KIND = { table: 0x01, memory: 0x02, global: 0x03 } as const

/**
 * Adds an export for each table, memory and global of a core module, so that the host can put an instance back to how it was. No
 * index shifts: exports have none.
 */
export function exposeState(bytes: Uint8Array): Uint8Array {
  const sections = listCoreSections(bytes)
  const { tables, memories, globals } = countCoreItems(bytes, sections)
  const added = [...toEntries('table', tables), ...toEntries('memory', memories), ...toEntries('global', globals)]
  if (added.length === 0) return bytes
  const existing = sections.find(({ id }) => id === CORE_SECTION.export)
  const content = toContent(bytes, existing, added)
  const section = Buffer.concat([Buffer.of(CORE_SECTION.export), toLeb128(content.length), content])
  const before = existing?.start ?? findPlaceForExports(bytes, sections)
  return Buffer.concat([bytes.subarray(0, before), section, bytes.subarray(existing?.end ?? before)])
}

function toEntries(kind: keyof typeof EXPORT_KIND, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const name = Buffer.from(`${STATE_EXPORT_PREFIX}${kind}/${index}`)
    return Buffer.concat([toLeb128(name.length), name, Buffer.of(EXPORT_KIND[kind]), toLeb128(index)])
  })
}

function toContent(bytes: Uint8Array, existing: CoreSection | undefined, added: readonly Buffer[]): Buffer {
  if (existing === undefined) return Buffer.concat([toLeb128(added.length), ...added])
  const reader = new BinaryReader(bytes, existing.contentStart, existing.end)
  const count = reader.u32()
  return Buffer.concat([toLeb128(count + added.length), bytes.subarray(reader.position, existing.end), ...added])
}

/** Behind every section that has to come first (core specification, §5.5.2: tags, 13, stand between memories and globals). */
function findPlaceForExports(bytes: Uint8Array, sections: readonly CoreSection[]): number {
  const follower = sections.find(({ id }) => id > CORE_SECTION.export && id !== 13)
  return follower?.start ?? bytes.length
}

function toLeb128(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return Buffer.from(bytes)
}
