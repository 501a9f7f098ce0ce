import type { Codec, Side } from './codec.ts'
import { liftString, lowerString } from './guest-strings.ts'
import { toArray, toBytes, toText } from './host-values.ts'

/** How a pair of pointer and length, which every list is passed as, becomes a value and back. */
interface Contents {
  readonly take: (side: Side, pointer: number, length: number) => unknown
  /** Answers the pointer and leaves the length in `guest.loweredLength`. */
  readonly give: (side: Side, value: unknown) => number
}

/** `string`. */
export const STRING_CODEC: Codec = pair({
  take: ({ guest }, pointer, length) => liftString(guest, pointer, length),
  give: ({ guest }, value) => lowerString(guest, toText(value)),
})

/** `list<u8>`. */
export const BYTES_CODEC: Codec = pair({
  take: ({ guest }, pointer, length) => guest.liftBytes(pointer, length),
  give: ({ guest }, value) => {
    const bytes = toBytes(value)
    const pointer = guest.lowerBytes(bytes)
    guest.loweredLength = bytes.length
    return pointer
  },
})

/** Any other list. */
export function listCodec(of: Codec): Codec {
  return pair({
    take: (side, pointer, count) => {
      const start = side.guest.listAt(pointer, count, of)
      const items: unknown[] = []
      for (let i = 0; i < count; i++) items.push(of.load(side, start + i * of.size))
      return items
    },
    give: (side, value) => {
      const items = toArray(value)
      const start = side.guest.allocate(items.length * of.size, of.align)
      for (let i = 0; i < items.length; i++) of.store(side, start + i * of.size, items[i])
      side.guest.loweredLength = items.length
      return start
    },
  })
}

function pair({ take, give }: Contents): Codec {
  return {
    size: 8,
    align: 4,
    flat: ['i32', 'i32'],
    load: (side, pointer) => {
      const { view } = side.guest
      return take(side, view.getUint32(pointer, true), view.getUint32(pointer + 4, true))
    },
    store: (side, pointer, value) => {
      const start = give(side, value)
      // Read after the call, which may have grown the memory.
      const { view } = side.guest
      view.setUint32(pointer, start, true)
      view.setUint32(pointer + 4, side.guest.loweredLength, true)
    },
    lift: (side, args, at) => take(side, (args[at] as number) >>> 0, (args[at + 1] as number) >>> 0),
    lower: (side, value, out) => {
      const start = give(side, value)
      out.push(start | 0, side.guest.loweredLength | 0)
    },
  }
}
