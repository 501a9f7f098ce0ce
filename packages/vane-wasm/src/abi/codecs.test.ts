import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { StringEncoding } from '../parse/component-binary.ts'
import type { PrimitiveKind, ValueType } from '../plan/value-type.ts'
import { AbiError } from './abi-error.ts'
import type { Codec, FlatValue, Side } from './codec.ts'
import { Codecs } from './codecs.ts'
import { GuestMemory } from './guest-memory.ts'
import { HandleTable, newHandleBudget } from './handle-table.ts'
import { FLAT, STAGE } from './stage.ts'

/** A guest whose allocator only goes on, leaves a gap now and then, and grows the memory as it goes. */
function openSide(encoding: StringEncoding = 'utf8'): Side {
  const memory = new WebAssembly.Memory({ initial: 1 })
  let next = 64
  let calls = 0
  const realloc = (old: number, oldSize: number, align: number, size: number): number => {
    const gap = ++calls % 4 === 0 ? 3 : 0
    const at = Math.ceil((next + gap) / align) * align
    next = at + size
    while (next > memory.buffer.byteLength) memory.grow(1)
    new Uint8Array(memory.buffer).copyWithin(at, old, old + oldSize)
    return at
  }
  const guest = new GuestMemory({ encoding, memory, realloc, guard: { mayLeave: true } })
  guest.refresh()
  return { guest, stage: STAGE, handles: new HandleTable(newHandleBudget()), owner: 0 }
}

/** Puts a value into the guest's memory; answers where. */
function store(side: Side, codec: Codec, value: unknown): number {
  const { size, align } = codec
  const out: FlatValue[] = []
  side.stage.begin()
  side.stage.expectFlat(0)
  codec.store(side, side.stage.allocate(size, align, { length: size, target: FLAT }), value)
  side.guest.place(side.stage, out)
  return Number(out[0])
}

/** Makes a value flat. */
function lower(side: Side, codec: Codec, value: unknown): FlatValue[] {
  const out: FlatValue[] = []
  side.stage.begin()
  codec.lower(side, value, out)
  side.guest.place(side.stage, out)
  return out
}

const NUMBERS: Readonly<Record<Exclude<PrimitiveKind, 'string'>, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  u8: fc.integer({ min: 0, max: 0xff }),
  s8: fc.integer({ min: -0x80, max: 0x7f }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  s16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  s32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  s64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
  char: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
    .map((text) => String.fromCodePoint(text.codePointAt(0) ?? 0)),
}

/** A type with values of it. */
interface Typed {
  readonly type: ValueType
  readonly values: fc.Arbitrary<unknown>
}

const TEXT = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 120, maxLength: 300 }))

const primitive: fc.Arbitrary<Typed> = fc.constantFrom<Typed>(
  { type: { kind: 'string' }, values: TEXT },
  ...Object.entries(NUMBERS).map(([kind, values]) => ({ type: { kind: kind as PrimitiveKind }, values })),
)

const name = (index: number): string => `field-${index}`
const property = (index: number): string => `field${index}`
const maybe = (typed: Typed | null): { type: ValueType | undefined; values: fc.Arbitrary<unknown> } =>
  typed === null ? { type: undefined, values: fc.constant(undefined) } : typed
const tagged = (tag: string, { type, values }: ReturnType<typeof maybe>): fc.Arbitrary<unknown> =>
  type === undefined ? fc.constant({ tag }) : values.map((val) => ({ tag, val }))

const { typed } = fc.letrec<{ typed: Typed }>((tie) => {
  const some = (max: number): fc.Arbitrary<Typed[]> => fc.array(tie('typed'), { minLength: 1, maxLength: max })
  const optional = fc.option(tie('typed'))
  return {
    typed: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      primitive,
      some(4).map((parts) => ({
        type: { kind: 'record' as const, fields: parts.map(({ type }, index) => ({ name: name(index), type })) },
        values: fc
          .record(Object.fromEntries(parts.map(({ values }, index) => [property(index), values])))
          .map((record) => ({ ...record })),
      })),
      some(4).map((parts) => ({
        type: { kind: 'tuple' as const, items: parts.map(({ type }) => type) },
        values: fc.tuple(...parts.map(({ values }) => values)),
      })),
      tie('typed').map(({ type, values }) => ({
        type: { kind: 'list' as const, of: type },
        values: type.kind === 'u8' ? fc.uint8Array() : fc.array(values, { maxLength: 5 }),
      })),
      tie('typed').map(({ type, values }) => ({
        type: { kind: 'option' as const, of: type },
        values:
          type.kind === 'option'
            ? fc.oneof(
                fc.constant({ tag: 'none' }),
                values.map((val) => ({ tag: 'some', val })),
              )
            : fc.option(values, { nil: undefined }),
      })),
      fc.tuple(optional, optional).map(([ok, err]) => ({
        type: { kind: 'result' as const, ok: maybe(ok).type, err: maybe(err).type },
        values: fc.oneof(tagged('ok', maybe(ok)), tagged('err', maybe(err))),
      })),
      fc.array(optional, { minLength: 1, maxLength: 4 }).map((cases) => ({
        type: {
          kind: 'variant' as const,
          cases: cases.map((payload, index) => ({ name: name(index), type: maybe(payload).type })),
        },
        values: fc.oneof(...cases.map((payload, index) => tagged(name(index), maybe(payload)))),
      })),
      fc.integer({ min: 1, max: 300 }).map((count) => {
        const names = Array.from({ length: count }, (_, index) => name(index))
        return { type: { kind: 'enum' as const, names }, values: fc.constantFrom(...names) }
      }),
      fc.integer({ min: 1, max: 32 }).map((count) => {
        const names = Array.from({ length: count }, (_, index) => name(index))
        const flags = Object.fromEntries(names.map((_, index) => [property(index), fc.boolean()]))
        return { type: { kind: 'flags' as const, names }, values: fc.record(flags).map((record) => ({ ...record })) }
      }),
    ),
  }
})

const typedValue = typed.chain(({ type, values }) => fc.record({ type: fc.constant(type), value: values }))

describe.each<StringEncoding>(['utf8', 'utf16', 'latin1+utf16'])(
  'any value of any type, with strings in %s',
  (encoding) => {
    test('comes back from memory as it went in', () => {
      fc.assert(
        fc.property(typedValue, ({ type, value }) => {
          const codec = new Codecs().of(type)
          const side = openSide(encoding)
          const pointer = store(side, codec, value)
          side.guest.beginLift()
          expect(codec.load(side, pointer)).toEqual(expected(type, value))
        }),
      )
    })

    test('comes back from flat values as it went in', () => {
      fc.assert(
        fc.property(typedValue, ({ type, value }) => {
          const codec = new Codecs().of(type)
          const side = openSide(encoding)
          const flat = lower(side, codec, value)
          expect(flat.map((one) => typeof one)).toEqual(codec.flat.map((one) => (one === 'i64' ? 'bigint' : 'number')))
          side.guest.beginLift()
          expect(codec.lift(side, asWasm(flat, codec.flat), 0)).toEqual(expected(type, value))
        }),
      )
    })
  },
)

/** What becomes of flat values on their way through wasm. */
function asWasm(values: readonly FlatValue[], types: readonly string[]): FlatValue[] {
  return values.map((value, i) => {
    if (types[i] === 'i32') return Number(value) | 0
    if (types[i] === 'f32') return Math.fround(Number(value))
    return types[i] === 'i64' ? BigInt.asIntN(64, BigInt(value)) : value
  })
}

/** Lone surrogates cannot cross: they become U+FFFD. */
function expected(type: ValueType, value: unknown): unknown {
  return JSON.stringify(type).includes('"string"') ? mapTexts(value) : value
}

function mapTexts(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(mapTexts)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner)]))
}

test('whatever lies in memory is lifted or refused with an error of the boundary', () => {
  fc.assert(
    fc.property(
      typed,
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.constantFrom<StringEncoding>('utf8', 'utf16', 'latin1+utf16'),
      ({ type }, bytes, encoding) => {
        const codec = new Codecs().of(type)
        const side = openSide(encoding)
        side.guest.bytes.set(bytes, 1024)
        side.guest.beginLift()
        try {
          codec.load(side, 1024)
        } catch (error) {
          expect(error).toBeInstanceOf(AbiError)
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test('whatever flat values a guest passes are lifted or refused with an error of the boundary', () => {
  const number = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 0x7fff_ffff, -0x8000_0000, 65_535, 65_536))
  fc.assert(
    fc.property(typed, fc.array(number, { minLength: 200, maxLength: 200 }), ({ type }, numbers) => {
      const codec = new Codecs().of(type)
      if (codec.flat.length > numbers.length) return
      const flat = codec.flat.map((one, i) => (one === 'i64' ? BigInt(numbers[i]!) : numbers[i]!))
      const side = openSide()
      side.guest.beginLift()
      try {
        codec.lift(side, flat, 0)
      } catch (error) {
        expect(error).toBeInstanceOf(AbiError)
      }
    }),
    { numRuns: 1000 },
  )
})

describe('what a guest says of its memory', () => {
  const string = new Codecs().of({ kind: 'string' })
  const strings = new Codecs().of({ kind: 'list', of: { kind: 'string' } })
  const bytes = new Codecs().of({ kind: 'list', of: { kind: 'u8' } })

  test.each<[string, number, number]>([
    ['a pointer behind the end', 65_536, 1],
    ['a length over the end', 65_000, 537],
    ['a pointer and a length that wrap around', -8, 16],
    ['the largest of both', -1, -1],
  ])('%s is refused', (_, pointer, length) => {
    const side = openSide()
    side.guest.beginLift()
    for (const codec of [string, bytes, strings])
      expect(() => codec.lift(side, [pointer & ~3, length], 0)).toThrow(AbiError)
  })

  test('the very end is still inside', () => {
    const side = openSide()
    side.guest.beginLift()
    expect(string.lift(side, [65_536, 0], 0)).toBe('')
    expect(bytes.lift(side, [65_535, 1], 0)).toEqual(new Uint8Array(1))
  })

  test('a list that is not aligned is refused', () => {
    const side = openSide()
    side.guest.beginLift()
    expect(() => strings.lift(side, [65, 1], 0)).toThrow('not aligned to 4')
  })

  test('a list whose size would wrap around is refused', () => {
    const side = openSide()
    side.guest.beginLift()
    expect(() => strings.lift(side, [64, 0x2000_0001], 0)).toThrow('lists of more than 65536 entries')
  })

  test('entries that are all the same megabyte are refused before they are copied', () => {
    const memory = new WebAssembly.Memory({ initial: 17 })
    const guest = new GuestMemory({ encoding: 'utf8', memory, realloc: undefined, guard: { mayLeave: true } })
    guest.refresh()
    for (let at = 0; at < 8 * 1000; at += 8) guest.view.setUint32(at + 4, 1024 * 1024, true)
    guest.beginLift()
    const side: Side = { guest, stage: STAGE, handles: new HandleTable(newHandleBudget()), owner: 0 }
    const before = process.memoryUsage().arrayBuffers
    expect(() => strings.lift(side, [0, 1000], 0)).toThrow('values that exceed the size of the memory')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })

  test.each<[string, number[]]>([
    ['a byte that begins nothing', [0xff]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character that is cut off', [0xe2, 0x98]],
    ['a character that is written too long', [0xc0, 0x80]],
    ['one behind many that are right', [...Array<number>(100).fill(0x61), 0x80]],
  ])('a string with %s is refused', (_, content) => {
    const side = openSide()
    side.guest.bytes.set(content, 64)
    side.guest.beginLift()
    expect(() => string.lift(side, [64, content.length], 0)).toThrow('not UTF-8')
  })

  test('a byte order mark is a character like any other', () => {
    const side = openSide()
    side.guest.bytes.set([0xef, 0xbb, 0xbf, 0x61], 64)
    side.guest.beginLift()
    expect(string.lift(side, [64, 4], 0)).toBe('\ufeffa')
  })

  test('half a surrogate pair in UTF-16 is refused', () => {
    const side = openSide('utf16')
    side.guest.view.setUint16(64, 0xd800, true)
    side.guest.beginLift()
    expect(() => string.lift(side, [64, 1], 0)).toThrow('not UTF-16')
    expect(() => string.lift(side, [65, 1], 0)).toThrow('not aligned to 2')
  })

  test.each<[ValueType, number]>([
    [{ kind: 'enum', names: ['a', 'b'] }, 2],
    [{ kind: 'variant', cases: [{ name: 'a', type: undefined }] }, 1],
    [{ kind: 'option', of: { kind: 'u8' } }, 2],
    [{ kind: 'result', ok: undefined, err: undefined }, 255],
    [{ kind: 'char' }, 0xd800],
    [{ kind: 'char' }, 0x11_0000],
  ])('%o has no case or character %i', (type, number) => {
    const codec = new Codecs().of(type)
    const side = openSide()
    side.guest.beginLift()
    side.guest.view.setUint32(64, number, true)
    expect(() => codec.load(side, 64)).toThrow(AbiError)
    expect(() => codec.lift(side, [number, ...Array<number>(codec.flat.length).fill(0)], 0)).toThrow(AbiError)
  })

  const numbers = new Codecs().of({
    kind: 'tuple',
    items: Array.from({ length: 8 }, (): ValueType => ({ kind: 'u64' })),
  })

  test.each<[string, number]>([
    ['out of bounds', 65_496],
    ['not aligned', 1001],
    ['negative', -4],
  ])('an allocation that is %s is refused', (_, answer) => {
    const guest = new GuestMemory({
      encoding: 'utf8',
      memory: new WebAssembly.Memory({ initial: 1 }),
      realloc: () => answer,
      guard: { mayLeave: true },
    })
    const side: Side = { ...openSide(), guest }
    expect(() => store(side, numbers, Array(8).fill(1n))).toThrow(/realloc answered pointer/)
  })
})

describe('what the host gives a guest', () => {
  const string = new Codecs().of({ kind: 'string' })
  const strings = new Codecs().of({ kind: 'list', of: { kind: 'string' } })
  const bytes = new Codecs().of({ kind: 'list', of: { kind: 'u8' } })

  test('strings that stand beside each other do not mix', () => {
    const side = openSide()
    const texts = ['a\ud83d', '\ude00b', '', 'ü', 'plain', '\u{1f600}', '']
    const flat = lower(side, strings, texts)
    side.guest.beginLift()
    expect(strings.lift(side, flat, 0)).toEqual(['a\ufffd', '\ufffdb', '', 'ü', 'plain', '\u{1f600}', ''])
  })

  test('strings land where the guest says, be it in an order of its own', () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    let top = 60_000
    const downwards = (_old: number, _oldSize: number, align: number, size: number): number => {
      top = (top - size) & -align
      return top
    }
    const guest = new GuestMemory({ encoding: 'utf8', memory, realloc: downwards, guard: { mayLeave: true } })
    const side: Side = { ...openSide(), guest }
    guest.refresh()
    const texts = ['first', '', 'second, which is longer', 'x'.repeat(700), '']
    const flat = lower(side, strings, texts)
    guest.beginLift()
    expect(strings.lift(side, flat, 0)).toEqual(texts)
  })

  test.each([0, 1, 7, 8, 9, 127, 128, 129, 1024, 1025, 16_384, 16_385, 200_000])('%i bytes or characters', (length) => {
    const side = openSide()
    const text = 'xü'.repeat(length).slice(0, length)
    const content = Uint8Array.from({ length }, (_, i) => i)
    const [ascii, wide, raw] = [
      lower(side, string, 'x'.repeat(length)),
      lower(side, string, text),
      lower(side, bytes, content),
    ]
    side.guest.beginLift()
    expect(string.lift(side, ascii, 0)).toBe('x'.repeat(length))
    expect(string.lift(side, wide, 0)).toBe(text)
    expect(bytes.lift(side, raw, 0)).toEqual(content)
  })

  test('bytes between fields say nothing of what crossed before, to whichever guest', () => {
    const secrets = openSide()
    store(secrets, new Codecs().of({ kind: 'list', of: { kind: 'u64' } }), Array(200).fill(0x7777_7777_7777_7777n))
    const side = openSide()
    const padded = new Codecs().of({ kind: 'list', of: { kind: 'tuple', items: [{ kind: 'u8' }, { kind: 'u64' }] } })
    const [pointer] = lower(
      side,
      padded,
      Array.from({ length: 100 }, () => [1, 2n]),
    )
    const content = side.guest.bytes.subarray(Number(pointer), Number(pointer) + 1600)
    expect(content.includes(0x77)).toBe(false)
    const variant = new Codecs().of({
      kind: 'variant',
      cases: [
        { name: 'small', type: undefined },
        {
          name: 'large',
          type: { kind: 'tuple', items: Array.from({ length: 8 }, (): ValueType => ({ kind: 'u64' })) },
        },
      ],
    })
    const at = store(side, variant, { tag: 'small' })
    expect(side.guest.bytes.subarray(at, at + variant.size).every((byte) => byte === 0)).toBe(true)
  })

  test('a pair in a variant that has a wider case keeps its bits', () => {
    const side = openSide()
    const type: ValueType = {
      kind: 'variant',
      cases: [
        { name: 'text', type: { kind: 'string' } },
        { name: 'number', type: { kind: 'u64' } },
      ],
    }
    const codec = new Codecs().of(type)
    const flat = lower(side, codec, { tag: 'text', val: 'abc' })
    expect(flat.map((one) => typeof one)).toEqual(['number', 'bigint', 'number'])
    side.guest.beginLift()
    expect(codec.lift(side, flat, 0)).toEqual({ tag: 'text', val: 'abc' })
  })

  const record = (first: string, second: string): ValueType => ({
    kind: 'record',
    fields: [
      { name: first, type: { kind: 'string' } },
      { name: second, type: { kind: 'string' } },
    ],
  })

  test.each<StringEncoding>(['utf8', 'utf16', 'latin1+utf16'])('header fields and labels, in %s', (encoding) => {
    const headers = new Codecs().of({ kind: 'list', of: record('name', 'value') })
    const labels = new Codecs().of({ kind: 'list', of: record('key', 'value') })
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\ud800', '\udc00', 'x'.repeat(300_000)),
    )
    fc.assert(
      fc.property(fc.array(fc.record({ name: text, value: text }), { maxLength: 6 }), (entries) => {
        const side = openSide(encoding)
        const flat = lower(side, headers, entries)
        const keyed = entries.map(({ name: key, value }) => ({ key, value }))
        const keyedFlat = lower(side, labels, keyed)
        side.guest.beginLift()
        expect(headers.lift(side, flat, 0)).toEqual(mapTexts(entries))
        side.guest.beginLift()
        expect(labels.lift(side, keyedFlat, 0)).toEqual(mapTexts(keyed))
      }),
    )
  })

  test.each<[string, (text: string) => unknown]>([
    ['a list', (text) => [text]],
    ['a header', (text) => [{ name: 'a', value: text }]],
  ])('an answer of realloc that is out of bounds is refused for a string in %s, too', (kind, toValue) => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    let calls = 0
    const realloc = (): number => (++calls === 1 ? 64 : 65_530)
    const guest = new GuestMemory({ encoding: 'utf8', memory, realloc, guard: { mayLeave: true } })
    const codec = kind === 'a list' ? strings : new Codecs().of({ kind: 'list', of: record('name', 'value') })
    expect(() => lower({ ...openSide(), guest }, codec, toValue('seven b'))).toThrow(
      'realloc answered pointer 65530, out of bounds',
    )
  })

  test('an allocation that fails leaves nothing behind for the next', () => {
    const side = openSide()
    const broken = new GuestMemory({
      encoding: 'utf8',
      memory: new WebAssembly.Memory({ initial: 1 }),
      realloc: () => {
        throw new RangeError('no')
      },
      guard: { mayLeave: true },
    })
    expect(() => lower({ ...side, guest: broken }, strings, ['secret', 'text'])).toThrow('no')
    const flat = lower(side, strings, ['next'])
    side.guest.beginLift()
    expect(strings.lift(side, flat, 0)).toEqual(['next'])
  })

  test('without an allocator nothing can be given', () => {
    const guest = new GuestMemory({
      encoding: 'utf8',
      memory: new WebAssembly.Memory({ initial: 1 }),
      realloc: undefined,
      guard: { mayLeave: true },
    })
    expect(() => lower({ ...openSide(), guest }, string, 'a')).toThrow('no realloc function')
  })
})
