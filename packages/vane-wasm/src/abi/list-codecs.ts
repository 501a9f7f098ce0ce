import type { Codec, Side } from './codec.ts'
import { liftString } from './guest-strings.ts'
import { toArray, toBytes, toText } from './host-values.ts'
import { FLAT } from './stage.ts'

/** How a pair of pointer and length, which every list is passed as, becomes a value and back. */
export interface Contents {
  readonly take: (side: Side, pointer: number, length: number) => unknown
  /** Stages the contents; the pair goes to the `target`. */
  readonly give: (side: Side, value: unknown, target: number) => void
}

/** `string`. */
export const STRING_CODEC: Codec = pairCodec({
  take: ({ guest }, pointer, length) => liftString(guest, pointer, length),
  give: ({ guest, stage }, value, target) => stage.string(guest.encoding, toText(value), target),
})

/** `list<u8>`. */
export const BYTES_CODEC: Codec = pairCodec({
  take: ({ guest }, pointer, length) => guest.liftBytes(pointer, length),
  give: ({ stage }, value, target) => stage.bytes(toBytes(value), target),
})

/** Any other list. */
export function listCodec(of: Codec): Codec {
  return pairCodec({
    take: (side, pointer, count) => {
      const start = side.guest.listAt(pointer, count, of)
      const items: unknown[] = []
      for (let i = 0; i < count; i++) items.push(of.load(side, start + i * of.size))
      return items
    },
    give: (side, value, target) => {
      const items = toArray(value)
      const { length } = items
      const start = side.stage.allocate(length * of.size, of.align, { length, target })
      for (let i = 0; i < length; i++) of.store(side, start + i * of.size, items[i])
    },
  })
}

/** The codec of anything that is passed as a pointer and a length. */
export function pairCodec({ take, give }: Contents): Codec {
  return {
    size: 8,
    align: 4,
    flat: ['i32', 'i32'],
    load: (side, pointer) => {
      const { view } = side.guest
      return take(side, view.getUint32(pointer, true), view.getUint32(pointer + 4, true))
    },
    store: (side, pointer, value) => give(side, value, pointer),
    lift: (side, args, at) => take(side, (args[at] as number) >>> 0, (args[at + 1] as number) >>> 0),
    lower: (side, value, out) => {
      side.stage.expectFlat(out.length)
      give(side, value, FLAT)
      out.push(0, 0)
    },
  }
}
