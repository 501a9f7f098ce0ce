import type { PrimitiveKind } from '../plan/value-type.ts'
import { AbiError } from './abi-error.ts'
import type { Codec } from './codec.ts'
import { toBigInt, toNumber, toText } from './host-values.ts'

/** Codecs of the types that need nothing of a guest but its memory. */
export const SCALAR_CODECS: { readonly [K in Exclude<PrimitiveKind, 'string'>]: Codec } = {
  bool: integer(1, {
    load: (view, at) => view.getUint8(at) !== 0,
    store: (view, at, value) => view.setUint8(at, value === true ? 1 : 0),
    lift: (flat) => flat !== 0,
    lower: (value) => (value === true ? 1 : 0),
  }),
  u8: integer(1, {
    load: (view, at) => view.getUint8(at),
    store: (view, at, value) => view.setUint8(at, toNumber(value)),
    lift: (flat) => flat & 0xff,
    lower: (value) => toNumber(value) & 0xff,
  }),
  s8: integer(1, {
    load: (view, at) => view.getInt8(at),
    store: (view, at, value) => view.setInt8(at, toNumber(value)),
    lift: (flat) => (flat << 24) >> 24,
    lower: (value) => (toNumber(value) << 24) >> 24,
  }),
  u16: integer(2, {
    load: (view, at) => view.getUint16(at, true),
    store: (view, at, value) => view.setUint16(at, toNumber(value), true),
    lift: (flat) => flat & 0xffff,
    lower: (value) => toNumber(value) & 0xffff,
  }),
  s16: integer(2, {
    load: (view, at) => view.getInt16(at, true),
    store: (view, at, value) => view.setInt16(at, toNumber(value), true),
    lift: (flat) => (flat << 16) >> 16,
    lower: (value) => (toNumber(value) << 16) >> 16,
  }),
  u32: integer(4, {
    load: (view, at) => view.getUint32(at, true),
    store: (view, at, value) => view.setUint32(at, toNumber(value), true),
    lift: (flat) => flat >>> 0,
    lower: (value) => toNumber(value) | 0,
  }),
  s32: integer(4, {
    load: (view, at) => view.getInt32(at, true),
    store: (view, at, value) => view.setInt32(at, toNumber(value), true),
    lift: (flat) => flat | 0,
    lower: (value) => toNumber(value) | 0,
  }),
  char: integer(4, {
    load: (view, at) => toChar(view.getUint32(at, true)),
    store: (view, at, value) => view.setUint32(at, fromChar(value), true),
    lift: (flat) => toChar(flat >>> 0),
    lower: fromChar,
  }),
  u64: long(
    (view, at) => view.getBigUint64(at, true),
    (flat) => BigInt.asUintN(64, flat),
  ),
  s64: long(
    (view, at) => view.getBigInt64(at, true),
    (flat) => flat,
  ),
  f32: {
    size: 4,
    align: 4,
    flat: ['f32'],
    load: ({ guest }, pointer) => guest.view.getFloat32(pointer, true),
    store: ({ stage }, pointer, value) => stage.view.setFloat32(pointer, toNumber(value), true),
    lift: (_side, args, at) => args[at],
    lower: (_side, value, out) => void out.push(toNumber(value)),
  },
  f64: {
    size: 8,
    align: 8,
    flat: ['f64'],
    load: ({ guest }, pointer) => guest.view.getFloat64(pointer, true),
    store: ({ stage }, pointer, value) => stage.view.setFloat64(pointer, toNumber(value), true),
    lift: (_side, args, at) => args[at],
    lower: (_side, value, out) => void out.push(toNumber(value)),
  },
}

interface Conversions {
  readonly load: (view: DataView, at: number) => unknown
  readonly store: (view: DataView, at: number, value: unknown) => void
  readonly lift: (flat: number) => unknown
  readonly lower: (value: unknown) => number
}

function integer(size: number, { load, store, lift, lower }: Conversions): Codec {
  return {
    size,
    align: size,
    flat: ['i32'],
    load: ({ guest }, pointer) => load(guest.view, pointer),
    store: ({ stage }, pointer, value) => store(stage.view, pointer, value),
    lift: (_side, args, at) => lift(args[at] as number),
    lower: (_side, value, out) => void out.push(lower(value)),
  }
}

function long(load: (view: DataView, at: number) => bigint, lift: (flat: bigint) => bigint): Codec {
  return {
    size: 8,
    align: 8,
    flat: ['i64'],
    load: ({ guest }, pointer) => load(guest.view, pointer),
    store: ({ stage }, pointer, value) => stage.view.setBigInt64(pointer, BigInt.asIntN(64, toBigInt(value)), true),
    lift: (_side, args, at) => lift(args[at] as bigint),
    lower: (_side, value, out) => void out.push(BigInt.asIntN(64, toBigInt(value))),
  }
}

function toChar(code: number): string {
  if (code > 0x10_ffff || isSurrogate(code)) throw new AbiError(`0x${code.toString(16)} is no character`)
  return String.fromCodePoint(code)
}

function fromChar(value: unknown): number {
  const code = toText(value).codePointAt(0)
  if (code === undefined || isSurrogate(code)) throw new AbiError('a text that is no character')
  return code
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}
