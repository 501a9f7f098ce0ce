import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetup } from '../host/host.ts'
import type { Handler, Step, WatPluginSpec } from '../plugin/spec.ts'
import { doing, hostilePlugin, trapCase } from './hostile-plugin.ts'

const SETUP: PluginSetup = { limits: { cpuMsPerCall: 20 } }
const FOREVER = 2_000_000_000
const WORK = '(local.set $p (i32.add (local.get $p) (i32.const 1)))'
/** Three instructions of text each make the four of the binary's; this is 100,000 of them and more. */
const STRAIGHT_LINE = `(func $line (local $p i32) ${WORK.repeat(25_000)})`

/** Code that never ends by itself, in a handler: what it is, its instructions, and the fields they need. */
const ENDLESS: readonly (readonly [name: string, what: string, code: string, fields?: string])[] = [
  ['loop-in-handle', 'an empty loop', '(loop $l (br $l))'],
  ['loop-by-condition', 'a loop that branches on a condition', '(loop $l (br_if $l (i32.const 1)))'],
  ['loop-by-table', 'a loop that branches by a table', '(loop $l (block $b (br_table $b $l (i32.const 1))))'],
  ['straight-line', 'a straight line of 100,000 instructions', '(loop $l (call $line) (br $l))', STRAIGHT_LINE],
  [
    'memory-fill',
    'filling all of memory',
    '(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l))',
  ],
  [
    'memory-copy',
    'copying all of memory',
    '(loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 65535)) (br $l))',
  ],
  [
    'memory-init',
    'copying a data segment',
    '(loop $l (memory.init $d (i32.const 0) (i32.const 0) (i32.const 20000)) (br $l))',
    `(data $d "${'x'.repeat(20_000)}")`,
  ],
  [
    'dear-after-cheap',
    'filling memory and missing every cache, after code that is fast',
    '(call $dear)',
    `(func $dear (local $n i32)
      (loop $w (br_if $w (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000000))))
      (loop $l
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
        (local.set $n (i32.and (i32.add (local.get $n) (i32.const 4160)) (i32.const 0xfffc)))
        (i32.store (local.get $n) (i32.const 0))
        (br $l)))`,
  ],
  ['memory-grow', 'asking for memory that it does not get', '(loop $l (drop (memory.grow (i32.const 1))) (br $l))'],
  ['memory-grow-by-nothing', 'growing memory by nothing', '(loop $l (drop (memory.grow (i32.const 0))) (br $l))'],
  [
    'table-fill',
    'filling a table',
    '(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 5000)) (br $l))',
    '(table $t 5000 funcref)',
  ],
  [
    'table-copy',
    'copying a table',
    '(loop $l (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 4999)) (br $l))',
    '(table $t 5000 funcref)',
  ],
  [
    'table-grow-by-nothing',
    'growing a table by nothing',
    '(loop $l (drop (table.grow $t (ref.null func) (i32.const 0))) (br $l))',
    '(table $t 1 funcref)',
  ],
  ['calls-of-nothing', 'calling a function that does nothing', '(loop $l (call $leaf) (br $l))', '(func $leaf)'],
  [
    'calls-by-table',
    'calling through a table',
    '(loop $l (call_indirect $t (i32.const 0)) (br $l))',
    '(table $t 1 1 funcref) (elem (table $t) (i32.const 0) func $leaf) (func $leaf)',
  ],
  [
    'branching-recursion',
    'a recursion that branches and never goes deep',
    '(call $branch (i32.const 0))',
    `(func $branch (param $n i32) (if (i32.lt_u (local.get $n) (i32.const 40)) (then
      (call $branch (i32.add (local.get $n) (i32.const 1)))
      (call $branch (i32.add (local.get $n) (i32.const 1))))))`,
  ],
  [
    'branching-mutual-recursion',
    'two functions that call each other twice and never go deep',
    '(call $even (i32.const 0))',
    `(func $even (param $n i32) (if (i32.lt_u (local.get $n) (i32.const 40)) (then
      (call $odd (i32.add (local.get $n) (i32.const 1))) (call $odd (i32.add (local.get $n) (i32.const 1))))))
    (func $odd (param $n i32) (call $even (local.get $n)) (call $even (local.get $n)))`,
  ],
  [
    'tail-calls',
    'tail calls in a circle, which use no stack',
    '(call $a)',
    '(func $a (return_call $b)) (func $b (return_call $a))',
  ],
]

/** Code that tries to swallow what stops it. */
const SWALLOWING: readonly (readonly [name: string, what: string, code: string, fields?: string])[] = [
  [
    'catch-all-around-loop',
    'a loop inside of a catch_all loop',
    '(loop $o (try_table (catch_all $o) (loop $l (br $l))))',
  ],
  [
    'catch-all-around-host',
    'a loop of host calls inside of a catch_all loop',
    '(loop $o (try_table (catch_all $o) (loop $l (drop (call $host_now-unix-ms)) (br $l))))',
  ],
  [
    'catch-all-recursion',
    'a branching recursion that catches all at each level',
    '(call $again (i32.const 0))',
    `(func $again (param $n i32)
      (block $b (try_table (catch_all $b) (if (i32.lt_u (local.get $n) (i32.const 40)) (then
        (call $again (i32.add (local.get $n) (i32.const 1)))
        (call $again (i32.add (local.get $n) (i32.const 1))))))))`,
  ],
  [
    'throw-and-catch',
    'throwing and catching over and over',
    '(loop $l (block $b (try_table (catch_all $b) (throw $t))) (br $l))',
    '(tag $t)',
  ],
]

const HOST_CALLS: readonly (readonly [name: string, step: Step])[] = [
  ['log', { do: 'log', message: 'again', fields: [['key', 'value']] }],
  ['metric-counter', { do: 'metric-counter', name: 'again', labels: [['key', 'value']] }],
  ['metric-gauge', { do: 'metric-gauge', name: 'again', value: 1 }],
  ['random', { do: 'random', length: 20_000 }],
  ['now-unix-ms', { do: 'wat', code: '(drop (call $host_now-unix-ms))' }],
  ['get-args', { do: 'wat', code: '(call $host_get-args (i32.const 2048))' }],
]

/** Frees what the host has allocated, so that it is the time that ends the loop and not memory. */
const FREE: Step = { do: 'wat', code: '(global.set $heap (i32.const 30000))' }

/** A loop over a host function. The last answer is what imports the function. */
function hostLoop(step: Step): Handler {
  const answer: Handler = { answer: 'short', body: [{ echo: 'args' }, { echo: 'now' }] }
  return [{ do: 'repeat', times: FOREVER, steps: [step, FREE] }, answer]
}

function fetchLoop(url: string): Handler {
  return [{ do: 'repeat', times: FOREVER, steps: [{ do: 'http-fetch', url }, FREE] }, { answer: 'continue' }]
}

const FETCH_SETUP: PluginSetup = {
  ...SETUP,
  policy: { allowed_hosts: ['allowed.test'] },
  fetch: () => Promise.resolve({ tag: 'ok', val: { status: 200, headers: [], body: new Uint8Array() } }),
}

/** Each call runs into this, so that only other plugins can be asked. */
function everyCall(name: string, proves: string, rest: Partial<WatPluginSpec>): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      const site = await trial.site(hostilePlugin({ answer: 'continue' }, rest), SETUP)
      for (let round = 0; round < 3; round++) assertTrap(await site.request('/'), 'cpu')
    },
  }
}

function refusedWhileLoading(name: string, proves: string, rest: Partial<WatPluginSpec>): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      await trial.refusalOf(hostilePlugin({ answer: 'continue' }, rest), SETUP)
    },
  }
}

const JOIN = '(if (local.get $p) (then (local.set $p (i32.const 1))) (else (local.set $p (i32.const 2))))'

const OPERANDS_AND_CALLS = `${'(i32.const 1)'.repeat(5000)} ${'(call $callee)'.repeat(6000)} ${'(drop)'.repeat(5000)}`

/** Code that is small and takes an engine long to compile, which it may do when the function is first called. */
const SLOW_TO_COMPILE: readonly (readonly [name: string, what: string, fields: string])[] = [
  [
    'locals',
    '10,000 locals and 4,000 joins',
    `(func $slow (local ${'i64 '.repeat(10_000)}) (local $p i32) ${JOIN.repeat(4000)})`,
  ],
  [
    'operands',
    '10,000 operands and 4,000 joins',
    `(func $slow (local $p i32) ${'(i32.const 1)'.repeat(10_000)} ${JOIN.repeat(4000)} ${'(drop)'.repeat(10_000)})`,
  ],
  [
    'targets',
    '10,000 locals and a branch with 20,000 targets',
    `(func $slow (local ${'i64 '.repeat(10_000)}) (local $p i32)
      (block $a (block $b (br_table ${'$a $b '.repeat(10_000)} (local.get $p)))))`,
  ],
  [
    'calls',
    '50,000 operands and 100,000 calls',
    `(func $callee) (func $slow ${'(i32.const 1)'.repeat(50_000)} ${'(call $callee)'.repeat(100_000)} ${'(drop)'.repeat(50_000)})`,
  ],
  [
    'results',
    '4,000 calls that pass and answer 1,000 values each',
    `(func $none (result ${'i64 '.repeat(1000)}) ${'(i64.const 1)'.repeat(1000)})
    (func $same (param ${'i64 '.repeat(1000)}) (result ${'i64 '.repeat(1000)}) (unreachable))
    (func $slow (call $none) ${'(call $same)'.repeat(4000)} ${'(drop)'.repeat(1000)})`,
  ],
  [
    'functions',
    'calls of 30 others, each of them with 5,000 operands and 6,000 calls',
    `(func $callee) (func $slow ${Array.from({ length: 30 }, (_, i) => `(call $slow_${i})`).join('')})
    ${Array.from({ length: 30 }, (_, i) => `(func $slow_${i} (if (i32.const 1) (then (return))) ${OPERANDS_AND_CALLS})`).join('')}`,
  ],
]

/** CPU time: wherever a plugin's code can run, it ends. */
export const CPU_CASES: readonly TckCase[] = [
  ...[...ENDLESS, ...SWALLOWING].map(([name, what, code, fields = '']) =>
    trapCase({
      name: `cpu/${name}`,
      proves: `${what} ends as a trap when the call's CPU time is used up`,
      bad: code.includes('$host_now')
        ? [
            { do: 'wat', code },
            { answer: 'short', body: { echo: 'now' } },
          ]
        : doing(code),
      rest: { fields },
      setup: SETUP,
      causes: ['cpu'],
    }),
  ),
  ...HOST_CALLS.map(([name, step]) =>
    trapCase({
      name: `cpu/host-loop-${name}`,
      proves: `a loop over ${name} ends as a trap: what the host does for a plugin is the plugin's time`,
      bad: hostLoop(step),
      rest: { memory: { pages: 2 } },
      setup: SETUP,
      causes: ['cpu'],
    }),
  ),
  trapCase({
    name: 'cpu/host-loop-http-fetch-refused',
    proves: 'a loop over fetches that the policy refuses ends as a trap, though each of them may wait',
    bad: fetchLoop('http://refused.test/'),
    setup: FETCH_SETUP,
    causes: ['cpu'],
  }),
  trapCase({
    name: 'cpu/host-loop-http-fetch-answered',
    proves: 'a loop over fetches that are answered at once ends as a trap',
    bad: fetchLoop('http://allowed.test/'),
    setup: FETCH_SETUP,
    causes: ['cpu'],
  }),
  trapCase({
    name: 'cpu/loop-after-wait',
    proves: 'a plugin that has waited for a fetch has no more CPU time than one that has not',
    bad: [{ do: 'http-fetch', url: 'http://allowed.test/' }, { answer: 'loop' }],
    setup: FETCH_SETUP,
    causes: ['cpu'],
  }),
  everyCall(
    'cpu/loop-in-realloc',
    'a loop in cabi_realloc, which the host calls to hand a request over, ends as a trap',
    {
      realloc: 'loop',
    },
  ),
  everyCall(
    'cpu/loop-in-post-return',
    'a loop in the post-return function, which the host calls last, ends as a trap',
    {
      postReturn: 'loop',
    },
  ),
  refusedWhileLoading('cpu/loop-in-start', 'a component whose start function never ends is refused', { start: 'loop' }),
  refusedWhileLoading('cpu/loop-in-get-metadata', 'a component whose get-metadata never ends is refused', {
    getMetadata: 'loop',
  }),
  ...SLOW_TO_COMPILE.map(([name, what, fields]): TckCase => ({
    name: `cpu/compiling-${name}`,
    proves: `a function with ${what} is refused, or compiled without holding up anybody else`,
    run: async (trial) => {
      const loaded = await trial.tryLoad(hostilePlugin(doing('(call $slow)'), { fields }), SETUP)
      if (loaded.tag === 'refused') return
      const site = await trial.open(loaded, { setup: SETUP })
      for (let round = 0; round < 2; round++) await site.request('/bad')
    },
  })),
  {
    name: 'cpu/limit-of-the-plugin',
    proves: 'the limit is the one that the operator has set for the plugin, above and below the default',
    run: async (trial) => {
      // Some tens of milliseconds of work, by which the two are told apart.
      const busy = hostilePlugin([
        { do: 'spin', rounds: 60_000_000 },
        { answer: 'short', body: 'done' },
      ])
      const hasty = await trial.site(busy, { limits: { cpuMsPerCall: 2 } })
      assertTrap(await hasty.request('/bad'), 'cpu')
      const patient = await trial.site(busy, { limits: { cpuMsPerCall: 30_000 } })
      if (bodyOf(await patient.request('/bad')) !== 'done') throw new Error('the plugin did not finish')
    },
  },
]
