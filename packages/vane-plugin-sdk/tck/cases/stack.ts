import { assertTrap } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetup } from '../host/host.ts'
import type { Handler } from '../plugin/spec.ts'
import { doing, hostilePlugin, trapCase } from './hostile-plugin.ts'

/** So much CPU time that it is the stack that ends first. */
const SETUP: PluginSetup = { limits: { cpuMsPerCall: 5000 } }

const DEEP = '(func $deep (param $n i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get $n))))'
const HOST_DEEP = `(func $deep (param $n i32) (result i32)
  (call $host_get-args (i32.const 2048)) (global.set $heap (i32.const 20000))
  (i32.add (i32.const 1) (call $deep (local.get $n))))`
const TO_THE_END = '(drop (call $deep (i32.const 0)))'
const IMPORTS_GET_ARGS: Handler = { answer: 'short', body: { echo: 'args' } }

const RECURSIONS: readonly (readonly [name: string, what: string, bad: Handler, fields: string])[] = [
  ['recursion', 'a function that calls itself', doing(TO_THE_END), DEEP],
  [
    'mutual-recursion',
    'two functions that call each other',
    doing(TO_THE_END),
    `(func $deep (param $n i32) (result i32) (i32.add (i32.const 1) (call $other (local.get $n))))
    (func $other (param $n i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get $n))))`,
  ],
  [
    'recursion-by-table',
    'a function that calls itself through a table',
    doing(TO_THE_END),
    `(type $t (func (param i32) (result i32))) (table $tab 1 1 funcref) (elem (table $tab) (i32.const 0) func $deep)
    (func $deep (param $n i32) (result i32)
      (i32.add (i32.const 1) (call_indirect $tab (type $t) (local.get $n) (i32.const 0))))`,
  ],
  [
    'recursion-of-large-frames',
    'a recursion with a thousand locals a step',
    doing(TO_THE_END),
    `(func $deep (param $n i32) (result i32) (local ${'i64 '.repeat(1000)}) (i32.add (i32.const 1) (call $deep (local.get $n))))`,
  ],
  [
    'recursion-through-imports',
    'a recursion that calls the host, which calls the allocator, at each step',
    [{ do: 'wat', code: TO_THE_END }, IMPORTS_GET_ARGS],
    HOST_DEEP,
  ],
  [
    'catch-all-recursion',
    'a recursion that catches all at each step and begins again',
    doing('(loop $o (try_table (catch_all $o) (drop (call $deep (i32.const 0)))))'),
    `(func $deep (param $n i32) (result i32)
      (block $b (try_table (catch_all $b) (return (i32.add (i32.const 1) (call $deep (local.get $n)))))) (i32.const 0))`,
  ],
]

/** The stack: whoever exhausts it loses the call, and nobody else does. */
export const STACK_CASES: readonly TckCase[] = [
  ...RECURSIONS.map(([name, what, bad, fields]) =>
    trapCase({
      name: `stack/${name}`,
      proves: `${what} without end is a trap`,
      bad,
      rest: { fields },
      setup: SETUP,
      causes: ['stack'],
    }),
  ),
  {
    name: 'stack/recursion-in-realloc',
    proves: 'a recursion without end in cabi_realloc is a trap',
    run: async (trial) => {
      const plugin = hostilePlugin({ answer: 'continue' }, { fields: DEEP, realloc: { wat: TO_THE_END } })
      const site = await trial.site(plugin, SETUP)
      for (let round = 0; round < 3; round++) assertTrap(await site.request('/'), 'stack')
    },
  },
  ...(['start', 'getMetadata'] as const).map(
    (where) =>
      ({
        name: `stack/recursion-in-${where === 'start' ? 'start' : 'get-metadata'}`,
        proves: `a component that recurses without end ${where === 'start' ? 'when it starts' : 'when it is asked for its metadata'} is refused`,
        run: async (trial) => {
          const wat = where === 'start' ? TO_THE_END : `${TO_THE_END} (i32.const 0)`
          await trial.refusalOf(hostilePlugin({ answer: 'continue' }, { fields: DEEP, [where]: { wat } }), SETUP)
        },
      }) satisfies TckCase,
  ),
]
