import { describe, expect, test } from 'vitest'

import { openWat, type OpenComponent } from './_component.ts'

interface Guest {
  /** Instructions of `run`, which answers an i32. `$wait` is the function that waits, `$note` one that does not. */
  readonly run: string
  /** Instructions of the allocator, before it answers. */
  readonly realloc?: string
  readonly start?: string
}

/** A component that calls a function of the host which waits and answers text. */
function guestWat({ run, realloc = '', start = '' }: Guest): string {
  return `(component
    (import "t:t/host" (instance $host
      (export "wait" (func (param "n" u32) (result string)))
      (export "note" (func))))
    (alias export $host "wait" (func $wait))
    (alias export $host "note" (func $note))
    (core module $Libc
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${realloc} (i32.const 512)))
    (core instance $libc (instantiate $Libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (core func $wait' (canon lower (func $wait) (memory $memory) (realloc $realloc)))
    (core func $note' (canon lower (func $note)))
    (core module $M
      (import "libc" "memory" (memory 1))
      (import "host" "wait" (func $wait (param i32 i32)))
      (import "host" "note" (func $note))
      (func $deep (result i32) (i32.add (i32.const 1) (call $deep)))
      (func (export "run") (result i32) ${run})
      (func $begin ${start})
      (start $begin))
    (core instance $m (instantiate $M (with "libc" (instance $libc))
      (with "host" (instance (export "wait" (func $wait')) (export "note" (func $note'))))))
    (func $run (result u32) (canon lift (core func $m "run")))
    (instance $out (export "run" (func $run)))
    (export "t:t/out" (instance $out)))`
}

/** Waits, and answers the length of the text. */
const WAIT = '(call $wait (i32.const 7) (i32.const 64))'
const LENGTH = '(i32.load (i32.const 68))'

const CANNOT_WAIT = 'a function that waits was called where the plugin cannot wait'

/** Opens a component with a host that answers when the test says so. */
async function open(wat: string): Promise<OpenComponent & { asked: PromiseWithResolvers<string>[]; notes: number[] }> {
  const asked: PromiseWithResolvers<string>[] = []
  const notes: number[] = []
  const component = await openWat(wat, {
    host: {
      't:t/host#wait': () => {
        const answer = Promise.withResolvers<string>()
        asked.push(answer)
        return answer.promise
      },
      't:t/host#note': () => void notes.push(1),
    },
    suspending: ['t:t/host#wait'],
    limitMs: 50,
  })
  return { ...component, asked, notes }
}

test('a guest goes on with the answer that it waited for', async () => {
  const { call, asked } = await open(guestWat({ run: `${WAIT} ${LENGTH}` }))
  const answer = call('t:t/out', 'run')
  expect(asked).toHaveLength(1)
  asked[0]?.resolve('four')
  expect(await answer).toBe(4)
})

test('it may wait again and again', async () => {
  const { call, asked } = await open(guestWat({ run: `${WAIT} ${WAIT} ${LENGTH}` }))
  const answer = call('t:t/out', 'run')
  asked[0]?.resolve('one')
  await Promise.resolve(answer && undefined)
  for (let turns = 0; asked.length < 2 && turns < 100; turns++) await Promise.resolve()
  asked[1]?.resolve('three')
  expect(await answer).toBe(5)
})

describe('a host function that fails ends the call, and no guest can swallow that', () => {
  const swallowing = `(block $caught (try_table (catch_all $caught) ${WAIT})) (call $note) (i32.const 0)`
  const looping = `(loop $again (block $caught (try_table (catch_all $caught) ${WAIT})) (br $again)) (i32.const 0)`

  test.each([
    ['and it only waits', `${WAIT} (i32.const 0)`],
    ['and it catches everything', swallowing],
    ['and it tries forever', looping],
  ])('%s', async (_, run) => {
    const { call, asked, notes, instance } = await open(guestWat({ run }))
    const answer = call('t:t/out', 'run')
    asked[0]?.reject(new Error('the host is out of order'))
    await expect(answer).rejects.toThrow('the host is out of order')
    expect(notes).toEqual([])
    expect(asked).toHaveLength(1)
    expect(instance.fault?.message).toBe('the host is out of order')
  })

  test('nor one whose answer has no room', async () => {
    const { call, asked, notes } = await open(guestWat({ run: swallowing, realloc: '(return (i32.const -1))' }))
    const answer = call('t:t/out', 'run')
    asked[0]?.resolve('text')
    await expect(answer).rejects.toThrow('realloc answered pointer 4294967295, out of bounds')
    expect(notes).toEqual([])
  })

  test('nor one whose allocator does not end', async () => {
    const { call, asked, notes } = await open(guestWat({ run: swallowing, realloc: '(loop $l (br $l))' }))
    const answer = call('t:t/out', 'run')
    asked[0]?.resolve('text')
    await expect(answer).rejects.toThrow('cpu limit of 50 ms exceeded')
    expect(notes).toEqual([])
  })
})

test('a guest that computes on without end is stopped', async () => {
  const { call, asked } = await open(guestWat({ run: `${WAIT} (loop $l (br $l)) (i32.const 0)` }))
  const answer = call('t:t/out', 'run')
  asked[0]?.resolve('')
  await expect(answer).rejects.toThrow('cpu limit of 50 ms exceeded')
})

test('the end of the stack is one here as well', async () => {
  const { call, asked } = await open(guestWat({ run: `${WAIT} (call $deep)` }))
  const answer = call('t:t/out', 'run')
  asked[0]?.resolve('')
  await expect(answer).rejects.toThrow(RangeError)
})

describe('a start function cannot wait', () => {
  test('and its plugin is told so', async () => {
    await expect(open(guestWat({ run: '(i32.const 0)', start: WAIT }))).rejects.toThrow(CANNOT_WAIT)
  })

  test('whatever it catches', async () => {
    const start = `(block $caught (try_table (catch_all $caught) ${WAIT}))`
    const opened = await open(guestWat({ run: '(i32.const 5)', start })).catch(String)
    // Some engines stop the guest before the host is asked: then it may go on, and nothing has happened.
    if (typeof opened === 'string') expect(opened).toContain(CANNOT_WAIT)
    else expect([await opened.call('t:t/out', 'run'), opened.asked]).toEqual([5, []])
  })
})

describe('a component inside, called through the host,', () => {
  /** The inner component waits; the outer one calls it, which puts frames of JavaScript in between. */
  const nested = (run: string): string => `(component
    (import "t:t/host" (instance $host (export "wait" (func (param "n" u32) (result u32))) (export "note" (func))))
    (alias export $host "wait" (func $wait))
    (alias export $host "note" (func $note))
    (component $Inner
      (import "wait" (func $wait (param "n" u32) (result u32)))
      (core func $wait' (canon lower (func $wait)))
      (core module $M (import "host" "wait" (func $wait (param i32) (result i32))) (func (export "run") (result i32) ${run}))
      (core instance $m (instantiate $M (with "host" (instance (export "wait" (func $wait'))))))
      (func $run (result u32) (canon lift (core func $m "run")))
      (export "run" (func $run)))
    (instance $inner (instantiate $Inner (with "wait" (func $wait))))
    (alias export $inner "run" (func $inner-run))
    (core func $inner-run' (canon lower (func $inner-run)))
    (core func $note' (canon lower (func $note)))
    (core module $M (import "inner" "run" (func $run (result i32))) (import "host" "note" (func $note))
      (func (export "run") (result i32) (local $n i32) (local.set $n (call $run)) (call $note) (local.get $n)))
    (core instance $m (instantiate $M (with "inner" (instance (export "run" (func $inner-run'))))
      (with "host" (instance (export "note" (func $note'))))))
    (func $run (result u32) (canon lift (core func $m "run")))
    (instance $out (export "run" (func $run)))
    (export "t:t/out" (instance $out)))`

  test('cannot wait', async () => {
    const { call, asked, notes, instance } = await open(nested('(call $wait (i32.const 1))'))
    await expect(call('t:t/out', 'run')).rejects.toThrow(CANNOT_WAIT)
    expect(notes).toEqual([])
    expect(instance.fault).toBeDefined()
    // What an engine asked the host for before it found out comes back to nobody.
    for (const answer of asked) answer.resolve('')
    await new Promise((resolve) => setImmediate(resolve))
  })

  test('cannot pretend that it has waited', async () => {
    const run = '(block $caught (try_table (catch_all $caught) (return (call $wait (i32.const 1))))) (i32.const 3)'
    const { call, asked, instance } = await open(nested(run))
    const outcome = await Promise.resolve(call('t:t/out', 'run')).catch(String)
    if (asked.length === 0) expect(outcome).toBe(3)
    else expect([outcome, instance.fault]).toEqual([expect.stringContaining('did not wait'), expect.any(Error)])
  })
})
