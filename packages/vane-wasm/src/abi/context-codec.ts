import type { NamedType } from '../plan/value-type.ts'
import { AbiError } from './abi-error.ts'
import type { Codec, FlatValue, Side } from './codec.ts'
import { toArray, toBigInt, toBytes, toRecord, toText } from './host-values.ts'
import { listCodec, STRING_CODEC } from './list-codecs.ts'
import { FLAT, MAX_STAGED_UNITS } from './stage.ts'

/** An entry of the context: its path, the number of its value's case, and the value. */
const CONTEXT_ENTRY = { size: 24, align: 8, tag: 8, value: 16 } as const

const TEXT_CASE = 0

/** Cases of a value of the context by their numbers. */
const CONTEXT_CASES = ['text:string', 'bytes:list', 'int64:s64', 'uint64:u64', 'boolean:bool', 'list-text:list'].join(
  ' ',
)

/** Whether these are the fields of an entry of the context. */
export function isContext(fields: readonly NamedType[]): boolean {
  const [path, value] = fields
  if (fields.length !== 2 || path?.name !== 'path' || path.type.kind !== 'string') return false
  if (value?.name !== 'value' || value.type.kind !== 'variant') return false
  const { cases } = value.type
  const [bytes, texts] = [cases[1]?.type, cases[5]?.type]
  if (bytes?.kind !== 'list' || bytes.of.kind !== 'u8' || texts?.kind !== 'list' || texts.of.kind !== 'string')
    return false
  return cases.map(({ name, type }) => `${name}:${type?.kind}`).join(' ') === CONTEXT_CASES
}

/** Makes the list flat. Entries go to plugins and never come back: nothing but laying them out differs from any list's. */
export function lowerContext(side: Side, value: unknown, out: FlatValue[]): void {
  side.stage.expectFlat(out.length)
  giveContext(side, FLAT, value)
  out.push(0, 0)
}

/** Lays the list out; its pair goes to the `target`. */
export function giveContext(side: Side, target: number, value: unknown): void {
  const items = toArray(value)
  const { length } = items
  const { guest, stage } = side
  const isUtf8 = guest.encoding === 'utf8'
  let at = stage.allocate(length * CONTEXT_ENTRY.size, CONTEXT_ENTRY.align, { length, target })
  // Of strings whose heads are laid out.
  let text = ''
  for (let i = 0; i < length; i++, at += CONTEXT_ENTRY.size) {
    const entry = toRecord(items[i])
    const path = toText(entry['path'])
    const { tag, val } = toRecord(entry['value'])
    if (isUtf8 && path.length <= MAX_STAGED_UNITS) {
      stage.head(path.length, at)
      text += path
      if (tag === 'text' && typeof val === 'string' && val.length <= MAX_STAGED_UNITS) {
        stage.view.setUint8(at + CONTEXT_ENTRY.tag, TEXT_CASE)
        stage.head(val.length, at + CONTEXT_ENTRY.value)
        text += val
        continue
      }
    } else {
      stage.addText(text)
      text = ''
      stage.string(guest.encoding, path, at)
    }
    if (tag === 'text' || tag === 'list-text') {
      stage.addText(text)
      text = ''
    }
    giveContextValue(side, at, tag, val)
  }
  stage.addText(text)
}

function giveContextValue(side: Side, at: number, tag: unknown, val: unknown): void {
  const { guest, stage } = side
  const pointer = at + CONTEXT_ENTRY.value
  let number: number
  switch (tag) {
    case 'text':
      number = TEXT_CASE
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
