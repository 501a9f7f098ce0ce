import type { NamedType, ValueType } from '../plan/value-type.ts'
import { AbiError } from './abi-error.ts'
import type { Codec, Side } from './codec.ts'
import type { GuestMemory } from './guest-memory.ts'
import { liftString } from './guest-strings.ts'
import { toArray, toBigInt, toBytes, toRecord, toText } from './host-values.ts'
import { listCodec, pairCodec, STRING_CODEC } from './list-codecs.ts'
import { FLAT } from './stage.ts'

/** A record of two strings. */
const ENTRY = { size: 16, align: 4 } as const

/**
 * Codecs for the lists that make up most of a request, of header fields and the like: they do what that of any list does, but
 * the names of the fields stand in their code, where the engine makes more of them. `undefined` for any other type.
 *
 * @param generic codec of any list of that type.
 */
export function contractCodec(type: ValueType, generic: Codec): Codec | undefined {
  if (type.kind !== 'list' || type.of.kind !== 'record') return undefined
  const { fields } = type.of
  if (isContext(fields)) return contextCodec(generic)
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
  give: (side, value, target) => {
    const items = toArray(value)
    const { length } = items
    const { guest, stage } = side
    if (guest.encoding === 'utf8') {
      let at = stage.beginTexts(length * 2, length, target)
      let text = ''
      for (let i = 0; i < length; i++, at += ENTRY.size) {
        const header = toRecord(items[i])
        const name = toText(header['name'])
        const fieldValue = toText(header['value'])
        stage.listed(at, name.length)
        stage.listed(at + 8, fieldValue.length)
        text += name
        text += fieldValue
      }
      if (stage.endTexts(text)) return
    }
    giveEntries(side, { items, target, first: 'name' })
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
  give: (side, value, target) => giveEntries(side, { items: toArray(value), target, first: 'key' }),
})

interface Entries {
  readonly items: readonly unknown[]
  readonly target: number
  /** Name of the first field; the other one is `value`. */
  readonly first: string
}

/** Lays entries out string by string, in whichever encoding. */
function giveEntries({ guest, stage }: Side, { items, target, first }: Entries): void {
  const { length } = items
  let at = stage.allocate(length * ENTRY.size, ENTRY.align, { length, target })
  for (let i = 0; i < length; i++, at += ENTRY.size) {
    const entry = toRecord(items[i])
    stage.string(guest.encoding, toText(entry[first]), at)
    stage.string(guest.encoding, toText(entry['value']), at + 8)
  }
}

/** An entry of the context: its path, the number of its value's case, and the value. */
const CONTEXT_ENTRY = { size: 24, align: 8, tag: 8, value: 16 } as const

/** Cases of a value of the context by their numbers. */
const CONTEXT_CASES = ['text:string', 'bytes:list', 'int64:s64', 'uint64:u64', 'boolean:bool', 'list-text:list'].join(
  ' ',
)

function isContext(fields: readonly NamedType[]): boolean {
  const [path, value] = fields
  if (fields.length !== 2 || path?.name !== 'path' || path.type.kind !== 'string') return false
  if (value?.name !== 'value' || value.type.kind !== 'variant') return false
  const { cases } = value.type
  const [bytes, texts] = [cases[1]?.type, cases[5]?.type]
  if (bytes?.kind !== 'list' || bytes.of.kind !== 'u8' || texts?.kind !== 'list' || texts.of.kind !== 'string')
    return false
  return cases.map(({ name, type }) => `${name}:${type?.kind}`).join(' ') === CONTEXT_CASES
}

/** Entries of the context go to plugins and never come back: nothing but laying them out differs from any list's. */
function contextCodec(generic: Codec): Codec {
  return {
    ...generic,
    store: giveContext,
    lower: (side, value, out) => {
      side.stage.expectFlat(out.length)
      giveContext(side, FLAT, value)
      out.push(0, 0)
    },
  }
}

function giveContext(side: Side, target: number, value: unknown): void {
  const items = toArray(value)
  const { length } = items
  const { guest, stage } = side
  let at = stage.allocate(length * CONTEXT_ENTRY.size, CONTEXT_ENTRY.align, { length, target })
  for (let i = 0; i < length; i++, at += CONTEXT_ENTRY.size) {
    const entry = toRecord(items[i])
    stage.string(guest.encoding, toText(entry['path']), at)
    giveContextValue(side, at, toRecord(entry['value']))
  }
}

function giveContextValue(side: Side, at: number, { tag, val }: Readonly<Record<string, unknown>>): void {
  const { guest, stage } = side
  const pointer = at + CONTEXT_ENTRY.value
  let number: number
  switch (tag) {
    case 'text':
      number = 0
      stage.string(guest.encoding, toText(val), pointer)
      break
    case 'bytes':
      number = 1
      stage.bytes(toBytes(val), pointer)
      break
    case 'int64':
    case 'uint64':
      number = tag === 'int64' ? 2 : 3
      stage.view.setBigInt64(pointer, BigInt.asIntN(64, toBigInt(val)), true)
      break
    case 'boolean':
      number = 4
      stage.view.setUint8(pointer, val === true ? 1 : 0)
      break
    case 'list-text':
      number = 5
      TEXTS.store(side, pointer, val)
      break
    default:
      throw new AbiError(`${String(tag)} is no case of the component's variant`)
  }
  stage.view.setUint8(at + CONTEXT_ENTRY.tag, number)
}

const TEXTS: Codec = listCodec(STRING_CODEC)

/** @param at of its pair of pointer and length; within bounds. */
function liftStringAt(guest: GuestMemory, at: number): string {
  return liftString(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true))
}
