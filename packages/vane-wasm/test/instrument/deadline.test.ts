import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { METER_EXPORTS } from '../../src/instrument/meter-names.ts'
import { meterWat, type MeteredCore } from '../_core.ts'

/** Fuel for a call that has all of its time. */
const FULL = 50_000
const LIMIT_MS = 10

describe('fuel that is given out', () => {
  /** By the wall; and what the kernel has noted of the thread's CPU time, which it does when the process asks for its own. */
  const clock = { nowMs: 0, cpuMs: 0, notedCpuMs: 0 }

  beforeEach(() => {
    Object.assign(clock, { nowMs: 1000, cpuMs: 70, notedCpuMs: 66 })
    vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs)
    vi.spyOn(process, 'threadCpuUsage').mockImplementation(() => ({ user: clock.notedCpuMs * 1000, system: 0 }))
    vi.spyOn(process, 'cpuUsage').mockImplementation(() => {
      clock.notedCpuMs = clock.cpuMs
      return { user: 0, system: 0 }
    })
  })
  afterEach(() => void vi.restoreAllMocks())

  function pass(wallMs: number, cpuMs: number = wallMs): void {
    clock.nowMs += wallMs
    clock.cpuMs += cpuMs
  }

  function fuelIn({ instance }: MeteredCore): WebAssembly.Global {
    return instance.exports[METER_EXPORTS.fuel] as WebAssembly.Global
  }

  /** Uses up the fuel and more; answers how much there is then. */
  function ask(core: MeteredCore, owed: number = 1): number {
    const fuel = fuelIn(core)
    fuel.value = -owed
    const slot = core.instance.exports[METER_EXPORTS.slot] as WebAssembly.Table
    ;(slot.get(0) as () => void)()
    return fuel.value as number
  }

  async function begin(): Promise<MeteredCore> {
    const core = await meterWat('(module)')
    core.meter.begin(LIMIT_MS)
    // The first is no reason to look at the clock, the second starts it.
    expect([ask(core), ask(core)]).toEqual([FULL, FULL])
    return core
  }

  test('is less the less time is left, whatever was done with it before', async () => {
    const given: number[] = []
    for (const steps of [1, 1024]) {
      const core = await begin()
      for (let step = 0; step < steps; step++) {
        pass(8 / steps)
        ask(core)
      }
      pass(1)
      given.push(ask(core))
      pass(0.75)
      given.push(ask(core))
    }
    // What takes 0.2 µs for each unit is stopped after 2 ms, and no call is interrupted for less than 2,000.
    expect(given).toEqual([5000, 2000, 5000, 2000])
  })

  test('comes to an end with the time', async () => {
    const core = await begin()
    pass(9.99)
    expect(ask(core)).toBe(2000)
    pass(0.01)
    expect(() => ask(core)).toThrow(WebAssembly.RuntimeError)
    expect(core.meter.isExpired).toBe(true)
  })

  test('goes on while the thread has hardly run', async () => {
    const core = await begin()
    pass(400, 8)
    expect(ask(core)).toBe(LIMIT_MS * 1000)
    pass(400, 2)
    expect(() => ask(core)).toThrow(WebAssembly.RuntimeError)
  })

  test('is counted from the first on for what takes long at once', async () => {
    const core = await meterWat('(module)')
    core.meter.begin(LIMIT_MS)
    expect(ask(core, 100_000)).toBe(FULL)
    pass(9.99)
    expect(ask(core, 100_000)).toBe(2000)
    pass(7)
    expect(() => ask(core, 100_000)).toThrow(WebAssembly.RuntimeError)
  })

  test('is taken back from modules that have more of it', async () => {
    const core = await begin()
    const other = await meterWat('(module)')
    core.meter.arm(other.instance)
    fuelIn(other).value = FULL
    pass(9)
    expect([ask(core), fuelIn(other).value]).toEqual([5000, 2500])
  })

  test('is no more than twice as much for many modules as for one', async () => {
    const core = await begin()
    const others = await Promise.all(Array.from({ length: 99 }, () => meterWat('(module)')))
    for (const { instance } of others) {
      core.meter.arm(instance)
      ask({ ...core, instance })
    }
    const all = [core, ...others].map((each) => fuelIn(each).value as number)
    expect(all.reduce((sum, fuel) => sum + fuel)).toBeLessThanOrEqual(2 * FULL)
  })
})

const CHEAP = '(loop $w (br_if $w (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200000))))'

/** Loops of the dearest there is, to which cheap code leads. */
const DEAR: readonly (readonly [name: string, loop: string, fields?: string])[] = [
  ['filling memory', '(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x100000))'],
  ['copying memory', '(memory.copy (i32.const 0) (i32.const 8) (i32.const 0xffff0))'],
  [
    'touching pages',
    '(i32.store (local.tee $n (i32.and (i32.const 0xfffff) (i32.add (local.get $n) (i32.const 4096)))) (i32.const 1))',
  ],
  ['calls through a table', '(call_indirect (i32.const 0))', '(elem (i32.const 0) $leaf) (func $leaf)'],
  ['dividing', '(local.set $x (i64.div_s (i64.const 0x1234567890123) (i64.or (local.get $x) (i64.const 3))))'],
  ['filling a table', '(table.fill (i32.const 0) (ref.null func) (i32.const 5000))'],
  ['copying a table', '(table.copy (i32.const 0) (i32.const 1) (i32.const 4999))'],
  ['growing memory', '(drop (memory.grow (i32.const 0)))'],
  ['throwing', '(block $b (try_table (catch_all $b) (throw $t)))'],
]

test.each(DEAR)('cheap code before %s buys no time', async (_, loop, fields = '') => {
  const core = await meterWat(`(module (memory 16) (table 5000 funcref) (tag $t) ${fields}
    (func (export "f") (local $n i32) (local $x i64) ${CHEAP} (loop $l ${loop} (br $l))))`)
  for (let n = 0; n < 2; n++) {
    const before = process.threadCpuUsage()
    expect(() => core.call('f', [], LIMIT_MS)).toThrow(WebAssembly.RuntimeError)
    expect(core.meter.isExpired).toBe(true)
    const { user, system } = process.threadCpuUsage(before)
    // The kernel's own steps of up to 4 ms at both ends, and room for a machine that is slow.
    expect((user + system) / 1000).toBeLessThan(5 * LIMIT_MS)
  }
})
