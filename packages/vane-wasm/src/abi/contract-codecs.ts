import type { ValueType } from '../plan/value-type.ts'
import type { Codec } from './codec.ts'
import type { GuestMemory } from './guest-memory.ts'
import { liftString } from './guest-strings.ts'
import { toArray, toRecord, toText } from './host-values.ts'
import { pairCodec } from './list-codecs.ts'

/** A record of two strings. */
const ENTRY = { size: 16, align: 4 } as const

/**
 * Codecs for the lists that make up most of a request, of header fields and the like: they do what that of any list does, but
 * the names of the fields stand in their code, where the engine makes more of them. `undefined` for any other type.
 */
export function contractCodec(type: ValueType): Codec | undefined {
  if (type.kind !== 'list' || type.of.kind !== 'record') return undefined
  const { fields } = type.of
  if (fields.some((field) => field.type.kind !== 'string')) return undefined
  const names = fields.map(({ name }) => name).join(' ')
  if (names === 'name value') return HEADERS
  return names === 'key value' ? KEY_VALUES : undefined
}

const HEADERS: Codec = pairCodec({
  take: ({ guest }, pointer, count) => {
    const start = guest.listAt(pointer, count, ENTRY)
    const items: unknown[] = []
    for (let i = 0, at = start; i < count; i++, at += ENTRY.size) {
      items.push({ name: liftStringAt(guest, at), value: liftStringAt(guest, at + 8) })
    }
    return items
  },
  give: ({ guest, stage }, value, target) => {
    const items = toArray(value)
    const { length } = items
    let at = stage.allocate(length * ENTRY.size, ENTRY.align, { length, target })
    for (let i = 0; i < length; i++, at += ENTRY.size) {
      const header = toRecord(items[i])
      stage.string(guest.encoding, toText(header['name']), at)
      stage.string(guest.encoding, toText(header['value']), at + 8)
    }
  },
})

const KEY_VALUES: Codec = pairCodec({
  take: ({ guest }, pointer, count) => {
    const start = guest.listAt(pointer, count, ENTRY)
    const items: unknown[] = []
    for (let i = 0, at = start; i < count; i++, at += ENTRY.size) {
      items.push({ key: liftStringAt(guest, at), value: liftStringAt(guest, at + 8) })
    }
    return items
  },
  give: ({ guest, stage }, value, target) => {
    const items = toArray(value)
    const { length } = items
    let at = stage.allocate(length * ENTRY.size, ENTRY.align, { length, target })
    for (let i = 0; i < length; i++, at += ENTRY.size) {
      const entry = toRecord(items[i])
      stage.string(guest.encoding, toText(entry['key']), at)
      stage.string(guest.encoding, toText(entry['value']), at + 8)
    }
  },
})

/** @param at of its pair of pointer and length; within bounds. */
function liftStringAt(guest: GuestMemory, at: number): string {
  return liftString(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true))
}
