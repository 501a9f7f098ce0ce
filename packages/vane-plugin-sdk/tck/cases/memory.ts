import assert from 'node:assert/strict'

import { bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetup } from '../host/host.ts'
import type { WatPluginSpec } from '../plugin/spec.ts'
import { hostilePlugin } from './hostile-plugin.ts'

const PAGES_PER_MIB = 16
const QUIET = { answer: 'continue' } as const

/** Memory and tables: no plugin has more than its limit, whatever it declares and asks for. */
export const MEMORY_CASES: readonly TckCase[] = [
  {
    name: 'memory/initial-beyond-limit',
    proves: 'a component that begins with more memory than its limit is refused, and one that does not is taken',
    run: async (trial) => {
      const plugin = hostilePlugin(QUIET, { memory: { pages: PAGES_PER_MIB + 1 } })
      await trial.refusalOf(plugin)
      await trial.load(plugin, { limits: { memoryMb: 2 } })
      await trial.load(hostilePlugin(QUIET, { memory: { pages: PAGES_PER_MIB } }))
    },
  },
  refused('memory/initial-of-four-gib', 'a component that declares 4 GiB of memory is refused', {
    memory: { pages: 65_536 },
  }),
  {
    name: 'memory/many-of-four-gib',
    proves: 'a component of eight modules, each of which declares 4 GiB, is refused before any of it is allocated',
    run: async (trial) => {
      await trial.refusalOf({ componentWat: memories(8, 65_536) })
    },
  },
  {
    name: 'memory/sum-of-modules',
    proves: 'what the modules of a component declare counts together: none evades its limit by being many',
    run: async (trial) => {
      const reason = await trial.refusalOf({ componentWat: memories(2, PAGES_PER_MIB) })
      // The same with a page each has nothing wrong with it but that it is no plugin.
      assert.notEqual(reason, await trial.refusalOf({ componentWat: memories(2, 1) }))
    },
  },
  {
    name: 'memory/64-bit',
    proves: 'a memory beyond 4 GiB, with addresses of 64 bits, is refused',
    run: async (trial) => {
      await trial.refusalOf({ componentWat: '(component (core module (memory i64 0x20000)))' })
    },
  },
  grows('memory/growth-to-the-limit', 'memory grows to the limit', { pages: PAGES_PER_MIB - 1 }, '1 16'),
  grows('memory/growth-beyond-the-limit', 'growing beyond the limit answers -1', { pages: PAGES_PER_MIB }, '-1 1'),
  grows(
    'memory/growth-of-four-gib',
    'a declared maximum of 4 GiB changes nothing',
    { pages: 65_535, maximumPages: 65_536 },
    '-1 1',
  ),
  grows(
    'memory/growth-by-override',
    'the operator can allow a plugin more memory than the default',
    { pages: 4 * PAGES_PER_MIB - 1, setup: { limits: { memoryMb: 4 } } },
    '1 64',
  ),
  {
    name: 'memory/growth-bomb',
    proves: 'a plugin that grows for as long as it can ends at its limit',
    run: async (trial) => {
      const code = '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))'
      const site = await trial.site(
        hostilePlugin([
          { do: 'wat', code },
          { answer: 'short', body: { echo: 'pages' } },
        ]),
        { limits: { cpuMsPerCall: 1000 } },
      )
      for (let round = 0; round < 5; round++) assert.equal(bodyOf(await site.request('/bad')), String(PAGES_PER_MIB))
    },
  },
  refused('memory/initial-table', 'a component with a table of ten million elements is refused', {
    fields: '(table $t 10000000 funcref)',
  }),
  {
    name: 'memory/table-growth',
    proves: 'a table cannot grow by ten million elements, whatever maximum it declares',
    run: async (trial) => {
      const code = '(global.set $grown (table.grow $t (ref.null func) (i32.const 10000000)))'
      const site = await trial.site(
        hostilePlugin(
          [
            { do: 'wat', code },
            { answer: 'short', body: { echo: 'grown' } },
          ],
          { fields: '(table $t 1 4294967295 funcref)' },
        ),
      )
      assert.equal(bodyOf(await site.request('/bad')), '-1')
    },
  },
  {
    name: 'memory/table-growth-bomb',
    proves: 'a plugin that grows a table for as long as it can is refused more at some point',
    run: async (trial) => {
      const code = `(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
        (global.set $grown (table.size $t))`
      const site = await trial.site(
        hostilePlugin(
          [
            { do: 'wat', code },
            { answer: 'short', body: { echo: 'grown' } },
          ],
          { fields: '(table $t 1 funcref)' },
        ),
        { limits: { cpuMsPerCall: 2000 } },
      )
      assert.ok(Number(bodyOf(await site.request('/bad'))) <= 1_000_000)
    },
  },
]

function refused(name: string, proves: string, rest: Partial<WatPluginSpec>): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      await trial.refusalOf(hostilePlugin(QUIET, rest))
    },
  }
}

interface Growth {
  readonly pages: number
  readonly maximumPages?: number
  readonly setup?: PluginSetup
}

/** Answers what growing by so many pages answered, and how many pages there are then. */
function grows(name: string, proves: string, growth: Growth, expected: string): TckCase {
  const { pages, maximumPages, setup = {} } = growth
  const plugin = hostilePlugin(
    [
      { do: 'grow', pages },
      { answer: 'short', body: [{ echo: 'grown' }, ' ', { echo: 'pages' }] },
    ],
    { memory: { pages: 1, ...(maximumPages === undefined ? {} : { maximumPages }) } },
  )
  return {
    name,
    proves,
    run: async (trial) => {
      const site = await trial.site(plugin, { ...setup, limits: { cpuMsPerCall: 200, ...setup.limits } })
      assert.equal(bodyOf(await site.request('/bad')), expected)
    },
  }
}

/** A component of so many core instances with a memory each, and nothing else. */
function memories(count: number, pages: number): string {
  const instances = Array.from({ length: count }, () => '(core instance (instantiate $m))').join(' ')
  return `(component (core module $m (memory (export "memory") ${pages})) ${instances})`
}
