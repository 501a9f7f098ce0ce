import { describe, expect, test } from 'vitest'

import { openWat } from './_component.ts'

/** A core module with a memory and an allocator that only goes on. */
const LIBC = `(core module $Libc
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1))) (i32.sub (i32.const 0) (local.get 2))))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (memory.copy (local.get $at) (local.get 0) (local.get 1))
      (local.get $at)))
  (core instance $libc (instantiate $Libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))`

const STRINGS = ['', 'plain', 'ünïcödé', '☃ 𝄞', 'a'.repeat(200), 'ä'.repeat(200), '\ufeffwith a mark']

describe('strings of each encoding, in and out', () => {
  test.each(['utf8', 'utf16', 'latin1+utf16'])('%s', async (encoding) => {
    const { call } = await openWat(`(component
      ${LIBC}
      (core module $M (import "libc" "memory" (memory 2))
        (func (export "echo") (param i32 i32) (result i32)
          (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
      (core instance $m (instantiate $M (with "libc" (instance $libc))))
      (func $echo (param "text" string) (result string)
        (canon lift (core func $m "echo") string-encoding=${encoding} (memory $memory) (realloc $realloc)))
      (instance $out (export "echo" (func $echo)))
      (export "t:t/out" (instance $out)))`)
    for (const text of STRINGS) expect(call('t:t/out', 'echo', text)).toBe(text)
    expect(call('t:t/out', 'echo', 'lone \ud800 half')).toBe('lone \ufffd half')
  })
})

/** Two components: one keeps counters as a resource, in UTF-16; the other, in UTF-8, uses it and is what the host sees. */
const COUNTERS = `(component
  (component $Counters
    ${LIBC}
    (core module $Drop (global $dropped (export "dropped") (mut i32) (i32.const 0))
      (func (export "drop") (param $rep i32) (global.set $dropped (i32.add (global.get $dropped) (local.get $rep)))))
    (core instance $drop (instantiate $Drop))
    (type $counter' (resource (rep i32) (dtor (core func $drop "drop"))))
    (core func $new (canon resource.new $counter'))
    (core func $rep (canon resource.rep $counter'))
    (core module $M
      (import "libc" "memory" (memory 2))
      (import "r" "new" (func $new (param i32) (result i32)))
      (import "r" "rep" (func $rep (param i32) (result i32)))
      (import "drop" "dropped" (global $dropped (mut i32)))
      ;; The representation of a counter is the address of its value.
      (global $last (mut i32) (i32.const 256))
      (func (export "make") (param $start i32) (result i32)
        (global.set $last (i32.add (global.get $last) (i32.const 8)))
        (i32.store (global.get $last) (local.get $start))
        (call $new (global.get $last)))
      ;; Borrowed by the component that defines it, it comes as its representation.
      (func (export "add") (param $at i32) (param $ptr i32) (param $units i32) (result i32)
        (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $units)))
        (i32.load (local.get $at)))
      (func (export "end") (param $handle i32) (result i32) (i32.load (call $rep (local.get $handle))))
      (func (export "dropped") (result i32) (global.get $dropped)))
    (core instance $m (instantiate $M (with "libc" (instance $libc)) (with "drop" (instance $drop))
      (with "r" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
    (export $counter "counter" (type $counter'))
    (func $make (param "start" u32) (result (own $counter)) (canon lift (core func $m "make")))
    (func $add (param "self" (borrow $counter)) (param "text" string) (result u32)
      (canon lift (core func $m "add") string-encoding=utf16 (memory $memory) (realloc $realloc)))
    (func $end (param "self" (own $counter)) (result u32) (canon lift (core func $m "end")))
    (func $dropped (result u32) (canon lift (core func $m "dropped")))
    (export "make" (func $make)) (export "add" (func $add)) (export "end" (func $end)) (export "dropped" (func $dropped)))
  (instance $counters (instantiate $Counters))

  (component $User
    (import "counters" (instance $counters
      (export "counter" (type $counter (sub resource)))
      (export "make" (func (param "start" u32) (result (own $counter))))
      (export "add" (func (param "self" (borrow $counter)) (param "text" string) (result u32)))
      (export "end" (func (param "self" (own $counter)) (result u32)))))
    ${LIBC}
    (alias export $counters "counter" (type $counter))
    (alias export $counters "make" (func $make))
    (alias export $counters "add" (func $add))
    (alias export $counters "end" (func $end))
    (core func $make' (canon lower (func $make)))
    (core func $add' (canon lower (func $add) (memory $memory) (realloc $realloc)))
    (core func $end' (canon lower (func $end)))
    (core func $drop' (canon resource.drop $counter))
    (core module $M
      (import "c" "make" (func $make (param i32) (result i32)))
      (import "c" "add" (func $add (param i32 i32 i32) (result i32)))
      (import "c" "end" (func $end (param i32) (result i32)))
      (import "c" "drop" (func $drop (param i32)))
      (func (export "count") (param $ptr i32) (param $len i32) (result i32) (local $handle i32) (local $n i32)
        (local.set $handle (call $make (i32.const 100)))
        (drop (call $add (local.get $handle) (local.get $ptr) (local.get $len)))
        (local.set $n (call $add (local.get $handle) (local.get $ptr) (local.get $len)))
        (call $drop (local.get $handle))
        (local.get $n))
      (func (export "drop-twice") (local $handle i32)
        (local.set $handle (call $make (i32.const 1)))
        (call $drop (local.get $handle))
        (call $drop (local.get $handle)))
      (func (export "keep") (result i32) (call $make (i32.const 1)))
      (func (export "forge") (result i32) (call $end (i32.const 7))))
    (core instance $m (instantiate $M (with "c" (instance
      (export "make" (func $make')) (export "add" (func $add')) (export "end" (func $end')) (export "drop" (func $drop'))))))
    (func $count (param "text" string) (result u32) (canon lift (core func $m "count") (memory $memory) (realloc $realloc)))
    (func $drop-twice (canon lift (core func $m "drop-twice")))
    (func $keep (result u32) (canon lift (core func $m "keep")))
    (func $forge (result u32) (canon lift (core func $m "forge")))
    (export "count" (func $count)) (export "drop-twice" (func $drop-twice)) (export "keep" (func $keep)) (export "forge" (func $forge)))
  (instance $user (instantiate $User (with "counters" (instance $counters))))
  (instance $out (export "count" (func $user "count")) (export "drop-twice" (func $user "drop-twice"))
    (export "keep" (func $user "keep")) (export "forge" (func $user "forge")) (export "dropped" (func $counters "dropped")))
  (export "t:t/out" (instance $out)))`

describe('components inside a component', () => {
  test('call one another, each in its own encoding, and lend one another resources', async () => {
    const { call } = await openWat(COUNTERS)
    // Counted in units of UTF-16, although it comes as bytes of UTF-8.
    expect(call('t:t/out', 'count', 'äöü')).toBe(106)
    expect(call('t:t/out', 'count', '𝄞')).toBe(104)
    // Representations are addresses: 264 and 272.
    expect(call('t:t/out', 'dropped')).toBe(536)
  })

  test.each([
    ['drop-twice', 'is none of the resource'],
    ['forge', 'is none of the resource'],
  ])('%s is a trap, and the instance is done with', async (name, reason) => {
    const { call, instance } = await openWat(COUNTERS)
    expect(() => call('t:t/out', name)).toThrow(reason)
    expect(instance.fault?.message).toContain(reason)
    expect(() => call('t:t/out', 'count', 'a')).toThrow(reason)
  })

  test('handles are put back to how they were', async () => {
    const { call, instance, states } = await openWat(COUNTERS)
    const saved = instance.save(states)
    for (let n = 0; n < 3; n++) {
      expect(call('t:t/out', 'keep')).toBe(1)
      expect(call('t:t/out', 'keep')).toBe(2)
      expect(saved?.restore()).toBeGreaterThanOrEqual(0)
    }
  })

  test('handles have an end', async () => {
    const { call, instance } = await openWat(COUNTERS)
    expect(() => {
      for (;;) call('t:t/out', 'keep')
    }).toThrow('more than 10000 resource handles')
    expect(instance.fault).toBeDefined()
  })
})

describe('parameters and results in memory', () => {
  const PARAMS = Array.from({ length: 18 }, (_, index) => `(param "p${index}" ${index % 2 === 0 ? 'u8' : 'u64'})`).join(
    ' ',
  )

  test('of a function that the host calls, with a clean-up that frees the result', async () => {
    const { call } = await openWat(`(component
      ${LIBC}
      (core module $M (import "libc" "memory" (memory 2)) (global $freed (mut i32) (i32.const 0))
        (func (export "f") (param $at i32) (result i32)
          (i32.store (i32.const 16) (i32.load8_u offset=128 (local.get $at)))
          (i64.store (i32.const 24) (i64.load offset=136 (local.get $at)))
          (i32.const 16))
        (func (export "free") (param i32) (global.set $freed (i32.add (global.get $freed) (local.get 0))))
        (func (export "freed") (result i32) (global.get $freed)))
      (core instance $m (instantiate $M (with "libc" (instance $libc))))
      (func $f ${PARAMS} (result (tuple u8 u64))
        (canon lift (core func $m "f") (memory $memory) (realloc $realloc) (post-return (core func $m "free"))))
      (func $freed (result u32) (canon lift (core func $m "freed")))
      (instance $out (export "f" (func $f)) (export "freed" (func $freed)))
      (export "t:t/out" (instance $out)))`)
    const args = Array.from({ length: 18 }, (_, index) => (index % 2 === 0 ? index + 1 : BigInt(index) << 40n))
    expect(call('t:t/out', 'f', ...args)).toEqual([17, 17n << 40n])
    expect(call('t:t/out', 'freed')).toBe(16)
  })

  test('of a function of the host', async () => {
    const seen: unknown[] = []
    const { call } = await openWat(
      `(component
      (import "t:t/host" (instance $host (export "f" (func ${PARAMS} (result (tuple u8 u64))))))
      ${LIBC}
      (alias export $host "f" (func $f))
      (core func $f' (canon lower (func $f) (memory $memory) (realloc $realloc)))
      (core module $M (import "libc" "memory" (memory 2)) (import "host" "f" (func $f (param i32 i32)))
        (func (export "run") (result i64)
          (i32.store8 offset=128 (i32.const 2048) (i32.const 77))
          (i64.store offset=136 (i32.const 2048) (i64.const -1))
          (call $f (i32.const 2048) (i32.const 4096))
          (i64.add (i64.extend_i32_u (i32.load8_u (i32.const 4096))) (i64.load (i32.const 4104)))))
      (core instance $m (instantiate $M (with "libc" (instance $libc)) (with "host" (instance (export "f" (func $f'))))))
      (func $run (result u64) (canon lift (core func $m "run")))
      (instance $out (export "run" (func $run)))
      (export "t:t/out" (instance $out)))`,
      {
        host: {
          't:t/host#f': (...args: unknown[]) => {
            seen.push(...args.slice(16))
            return [3, 1000n]
          },
        },
      },
    )
    expect(call('t:t/out', 'run')).toBe(1003n)
    expect(seen).toEqual([77, 2n ** 64n - 1n])
  })
})

describe('what no guest may do while it allocates for the host or cleans up', () => {
  const withCallIn = (place: 'realloc' | 'free'): string => `(component
    (import "t:t/host" (instance $host (export "f" (func))))
    (alias export $host "f" (func $f))
    (core func $f' (canon lower (func $f)))
    (core module $M (import "host" "f" (func $f)) (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${place === 'realloc' ? '(call $f)' : ''} (i32.const 64))
      (func (export "free") (param i32) ${place === 'free' ? '(call $f)' : ''})
      (func (export "run") (param i32 i32) (result i32) (i32.const 128)))
    (core instance $m (instantiate $M (with "host" (instance (export "f" (func $f'))))))
    (func $run (param "text" string) (result string)
      (canon lift (core func $m "run") (memory (core memory $m "memory")) (realloc (core func $m "realloc")) (post-return (core func $m "free"))))
    (instance $out (export "run" (func $run)))
    (export "t:t/out" (instance $out)))`

  test.each(['realloc', 'free'] as const)('call the host in %s', async (place) => {
    let calls = 0
    const { call, instance } = await openWat(withCallIn(place), { host: { 't:t/host#f': () => calls++ } })
    expect(() => call('t:t/out', 'run', 'x')).toThrow('while it allocated or cleaned up')
    expect(calls).toBe(0)
    expect(instance.fault).toBeDefined()
  })
})

describe('putting an instance back', () => {
  const growing = (pages: number): string => `(component
    (core module $M (memory ${pages}) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
    (core instance $m (instantiate $M))
    (func $grow (param "pages" u32) (result s32) (canon lift (core func $m "grow")))
    (instance $out (export "grow" (func $grow)))
    (export "t:t/out" (instance $out)))`

  test.each([0, 1])('is impossible once a memory of %i pages has grown', async (pages) => {
    const { call, instance, states } = await openWat(growing(pages))
    const saved = instance.save(states)
    expect(saved?.restore()).toBeGreaterThanOrEqual(0)
    expect(call('t:t/out', 'grow', 0)).toBe(pages)
    expect(saved?.restore()).toBeGreaterThanOrEqual(0)
    expect(call('t:t/out', 'grow', 1)).toBe(pages)
    expect(saved?.restore()).toBe(-1)
  })
})

test('a component may instantiate another more than once, and each has its own state', async () => {
  const { call } = await openWat(`(component
    (component $C (core module $M (global $n (mut i32) (i32.const 0))
        (func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
      (core instance $m (instantiate $M))
      (func $next (result u32) (canon lift (core func $m "next")))
      (export "next" (func $next)))
    (instance $a (instantiate $C))
    (instance $b (instantiate $C))
    (instance $out (export "a" (func $a "next")) (export "b" (func $b "next")))
    (export "t:t/out" (instance $out)))`)
  expect([call('t:t/out', 'a'), call('t:t/out', 'a'), call('t:t/out', 'b')]).toEqual([1, 2, 1])
})
