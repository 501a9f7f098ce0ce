import type { NamedType, ValueType } from '../plan/value-type.ts'
import type { Codec, FlatValue, Side } from './codec.ts'
import { giveContext, isContext, lowerContext } from './context-codec.ts'
import type { GuestMemory } from './guest-memory.ts'
import { liftString } from './guest-strings.ts'
import { toArray, toRecord, toText } from './host-values.ts'
import { BYTES_CODEC, pairCodec, STRING_CODEC } from './list-codecs.ts'
import { SCALAR_CODECS } from './scalar-codecs.ts'

/** A record of two strings. */
const ENTRY = { size: 16, align: 4 } as const

/**
 * Codecs for the types that a request is made of: they do what that of any such type does, but the names of fields stand in their
 * code, where the engine makes more of them. `undefined` for any other type.
 *
 * @param generic codec of any such type.
 */
export function contractCodec(type: ValueType, generic: Codec): Codec | undefined {
  if (type.kind === 'record') return messageCodec(type.fields, generic)
  if (type.kind !== 'list' || type.of.kind !== 'record') return undefined
  const { fields } = type.of
  if (isContext(fields)) return { ...generic, store: giveContext, lower: lowerContext }
  if (fields.some((field) => field.type.kind !== 'string')) return undefined
  const names = namesOf(fields)
  if (names === 'name value') return HEADERS
  return names === 'key value' ? KEY_VALUES : undefined
}

function namesOf(fields: readonly NamedType[]): string {
  return fields.map(({ name }) => name).join(' ')
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

/** What handlers of requests and responses are given. They never give it back, and it is passed flat. */
function messageCodec(fields: readonly NamedType[], generic: Codec): Codec | undefined {
  const names = namesOf(fields)
  const isRequest = names === 'method uri headers body context'
  if (!isRequest && names !== 'status headers body context') return undefined
  const [headers, body, context] = fields.slice(-3).map(({ type }) => type)
  if (!isHeaders(headers) || !isBody(body) || context?.kind !== 'list' || context.of.kind !== 'record') return undefined
  if (!isContext(context.of.fields)) return undefined
  const first = fields.slice(0, -3).map(({ type }) => type.kind)
  if (isRequest) return first.every((kind) => kind === 'string') ? { ...generic, lower: lowerRequest } : undefined
  return first[0] === 'u16' ? { ...generic, lower: lowerResponse } : undefined
}

function isHeaders(type: ValueType | undefined): boolean {
  if (type?.kind !== 'list' || type.of.kind !== 'record' || namesOf(type.of.fields) !== 'name value') return false
  return type.of.fields.every((field) => field.type.kind === 'string')
}

function isBody(type: ValueType | undefined): boolean {
  if (type?.kind !== 'option' || type.of.kind !== 'record' || namesOf(type.of.fields) !== 'data truncated') return false
  const [data, truncated] = type.of.fields.map((field) => field.type)
  return data?.kind === 'list' && data.of.kind === 'u8' && truncated?.kind === 'bool'
}

function lowerRequest(side: Side, value: unknown, out: FlatValue[]): void {
  const request = toRecord(value)
  STRING_CODEC.lower(side, request['method'], out)
  STRING_CODEC.lower(side, request['uri'], out)
  lowerRest(side, request, out)
}

function lowerResponse(side: Side, value: unknown, out: FlatValue[]): void {
  const response = toRecord(value)
  SCALAR_CODECS.u16.lower(side, response['status'], out)
  lowerRest(side, response, out)
}

function lowerRest(side: Side, message: Readonly<Record<string, unknown>>, out: FlatValue[]): void {
  HEADERS.lower(side, message['headers'], out)
  const body = message['body']
  if (body === undefined) {
    out.push(0, 0, 0, 0)
  } else {
    const { data, truncated } = toRecord(body)
    out.push(1)
    BYTES_CODEC.lower(side, data, out)
    SCALAR_CODECS.bool.lower(side, truncated, out)
  }
  lowerContext(side, message['context'], out)
}

/** @param at of its pair of pointer and length; within bounds. */
function liftStringAt(guest: GuestMemory, at: number): string {
  return liftString(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true))
}
