import fc from 'fast-check'

/** What is done to bytes at a place: a number of the file's length, so that every place is as likely. */
type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly mask: number }
  | { readonly kind: 'set'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number; readonly times: number }
  | { readonly kind: 'cut'; readonly at: number }

// The largest numbers there are, and what section ids, sorts and types begin with.
const NASTY = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7f],
  [0x40],
  [0x00],
].map((bytes) => Uint8Array.from(bytes))

/** The bytes, with a few changes: bits flipped, numbers made enormous, stretches removed, repeated, cut off. */
export function mutations(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(Math.max(0, whole.length - 1))
  const bytes = fc.oneof(fc.constantFrom(...NASTY), fc.uint8Array({ minLength: 1, maxLength: 6 }))
  const count = fc.integer({ min: 1, max: 40 })
  const change: fc.Arbitrary<Change> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('flip' as const),
        at,
        mask: fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), at, bytes }) },
    fc.record({ kind: fc.constant('insert' as const), at, bytes }),
    fc.record({ kind: fc.constant('remove' as const), at, count }),
    fc.record({ kind: fc.constant('repeat' as const), at, count, times: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ kind: fc.constant('cut' as const), at }),
  )
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => changes.reduce(apply, whole))
}

function apply(bytes: Uint8Array, change: Change): Uint8Array {
  const before = bytes.subarray(0, change.at)
  const behind = bytes.subarray(change.at)
  switch (change.kind) {
    case 'flip': {
      const flipped = bytes.slice()
      if (change.at < flipped.length) flipped[change.at]! ^= change.mask
      return flipped
    }
    case 'set':
      return Buffer.concat([before, change.bytes, behind.subarray(change.bytes.length)])
    case 'insert':
      return Buffer.concat([before, change.bytes, behind])
    case 'remove':
      return Buffer.concat([before, behind.subarray(change.count)])
    case 'repeat':
      return Buffer.concat([before, ...Array<Uint8Array>(change.times).fill(behind.subarray(0, change.count)), behind])
    case 'cut':
      return before
  }
}
