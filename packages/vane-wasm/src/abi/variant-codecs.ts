import { AbiError } from './abi-error.ts'
import type { Codec } from './codec.ts'
import { discriminantOf } from './discriminant.ts'
import { joinFlat, narrow, widen } from './flat-variant.ts'
import { toRecord } from './host-values.ts'
import { alignTo } from './layout.ts'

/** A case with the codec of its payload, if it has one. */
export type VariantCase = readonly [name: string, payload: Codec | undefined]

/** `variant` and `result`: `{ tag }` or `{ tag, val }`. */
export function variantCodec(cases: readonly VariantCase[]): Codec {
  const { size: tagSize, load: loadTag, store: storeTag } = discriminantOf(cases.length)
  const payloads = cases.flatMap(([, codec]) => codec ?? [])
  const payloadAlign = Math.max(1, ...payloads.map((codec) => codec.align))
  const align = Math.max(tagSize, payloadAlign)
  const offset = alignTo(tagSize, payloadAlign)
  const payloadFlat = joinFlat(cases.map(([, codec]) => codec?.flat ?? []))
  const numbers = new Map(cases.map(([name], number) => [name, number]))
  const caseAt = (number: number): VariantCase => {
    const found = cases[number]
    if (found === undefined) throw new AbiError(`discriminant ${number} of a variant of ${cases.length} cases`)
    return found
  }
  const numberOf = (tag: unknown): number => {
    const number = typeof tag === 'string' ? numbers.get(tag) : undefined
    if (number === undefined) throw new AbiError(`${String(tag)} is no case of the component's variant`)
    return number
  }
  return {
    size: alignTo(offset + Math.max(0, ...payloads.map((codec) => codec.size)), align),
    align,
    flat: ['i32', ...payloadFlat],
    load: (side, pointer) => {
      const [tag, codec] = caseAt(loadTag(side.guest.view, pointer))
      return codec === undefined ? { tag } : { tag, val: codec.load(side, pointer + offset) }
    },
    store: (side, pointer, value) => {
      const { tag, val } = toRecord(value)
      const number = numberOf(tag)
      storeTag(side.stage.view, pointer, number)
      cases[number]![1]?.store(side, pointer + offset, val)
    },
    lift: (side, args, at) => {
      const [tag, codec] = caseAt((args[at] as number) >>> 0)
      if (codec === undefined) return { tag }
      return { tag, val: codec.lift(side, narrow(args, at + 1, { have: payloadFlat, want: codec.flat }), 0) }
    },
    lower: (side, value, out) => {
      const { tag, val } = toRecord(value)
      const number = numberOf(tag)
      out.push(number)
      const start = out.length
      const codec = cases[number]![1]
      codec?.lower(side, val, out)
      widen(out, start, { have: codec?.flat ?? [], want: payloadFlat })
    },
  }
}

/** `option` of anything but an option: the value, or `undefined`. */
export function optionCodec(of: Codec): Codec {
  const { size, align, flat } = taggedOptionCodec(of)
  const offset = of.align
  return {
    size,
    align,
    flat,
    load: (side, pointer) => (isSome(side.guest.view.getUint8(pointer)) ? of.load(side, pointer + offset) : undefined),
    store: (side, pointer, value) => {
      side.stage.view.setUint8(pointer, value === undefined ? 0 : 1)
      if (value !== undefined) of.store(side, pointer + offset, value)
    },
    // With one payload the flat types are its own.
    lift: (side, args, at) => (isSome((args[at] as number) >>> 0) ? of.lift(side, args, at + 1) : undefined),
    lower: (side, value, out) => {
      out.push(value === undefined ? 0 : 1)
      if (value !== undefined) of.lower(side, value, out)
      else for (const type of of.flat) out.push(type === 'i64' ? 0n : 0)
    },
  }
}

/** `option` of an option: keeps its tag, since `undefined` could not tell the two apart. */
export function taggedOptionCodec(of: Codec): Codec {
  return variantCodec([
    ['none', undefined],
    ['some', of],
  ])
}

function isSome(discriminant: number): boolean {
  if (discriminant > 1) throw new AbiError(`discriminant ${discriminant} of an option`)
  return discriminant === 1
}
