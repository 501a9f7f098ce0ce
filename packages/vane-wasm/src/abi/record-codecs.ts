import type { Codec } from './codec.ts'
import { toArray, toRecord } from './host-values.ts'
import { flatStarts, layOut } from './layout.ts'

/** @param fields by their names in JavaScript, none of which means anything to it. */
export function recordCodec(fields: readonly (readonly [name: string, codec: Codec])[]): Codec {
  const names = fields.map(([name]) => name)
  const codecs = fields.map(([, codec]) => codec)
  const { offsets, size, align } = layOut(codecs)
  const starts = flatStarts(codecs)
  return {
    size,
    align,
    flat: codecs.flatMap((codec) => codec.flat),
    load: (side, pointer) => {
      const value: Record<string, unknown> = {}
      for (let i = 0; i < codecs.length; i++) value[names[i]!] = codecs[i]!.load(side, pointer + offsets[i]!)
      return value
    },
    store: (side, pointer, value) => {
      const from = toRecord(value)
      for (let i = 0; i < codecs.length; i++) codecs[i]!.store(side, pointer + offsets[i]!, from[names[i]!])
    },
    lift: (side, args, at) => {
      const value: Record<string, unknown> = {}
      for (let i = 0; i < codecs.length; i++) value[names[i]!] = codecs[i]!.lift(side, args, at + starts[i]!)
      return value
    },
    lower: (side, value, out) => {
      const from = toRecord(value)
      for (let i = 0; i < codecs.length; i++) codecs[i]!.lower(side, from[names[i]!], out)
    },
  }
}

/** `tuple`. */
export function tupleCodec(codecs: readonly Codec[]): Codec {
  const { offsets, size, align } = layOut(codecs)
  const starts = flatStarts(codecs)
  return {
    size,
    align,
    flat: codecs.flatMap((codec) => codec.flat),
    load: (side, pointer) => codecs.map((codec, i) => codec.load(side, pointer + offsets[i]!)),
    store: (side, pointer, value) => {
      const items = toArray(value)
      codecs.forEach((codec, i) => codec.store(side, pointer + offsets[i]!, items[i]))
    },
    lift: (side, args, at) => codecs.map((codec, i) => codec.lift(side, args, at + starts[i]!)),
    lower: (side, value, out) => {
      const items = toArray(value)
      codecs.forEach((codec, i) => codec.lower(side, items[i], out))
    },
  }
}
