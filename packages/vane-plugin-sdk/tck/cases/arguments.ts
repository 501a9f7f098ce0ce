import { assertTrap } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetup, TrapCause } from '../host/host.ts'
import type { Handler, Step, WatPluginSpec } from '../plugin/spec.ts'
import { hostilePlugin, trapCase } from './hostile-plugin.ts'

/** What makes the generated module import a function. */
const IMPORTS: Readonly<Record<string, Step>> = {
  log: { do: 'log', message: '' },
  'metric-counter': { do: 'metric-counter', name: 'a' },
  'http-fetch': { do: 'http-fetch', url: 'http://allowed.test/' },
  random: { do: 'random', length: 1 },
}

const SETUP: PluginSetup = {
  policy: { allowed_hosts: ['allowed.test'] },
  fetch: () => Promise.resolve({ tag: 'ok', val: { status: 200, headers: [], body: new Uint8Array() } }),
}

const call = (name: string, words: readonly (number | string)[]): string =>
  `(call $host_${name} ${words.map((value) => (typeof value === 'string' ? value : `(i32.const ${value | 0})`)).join(' ')})`

const PAGE = 65_536
/** A thousand pairs in `$list`, each of which is all of memory, twice. */
const ALIASING = `
  (local.set $list (call $alloc (i32.const 16000) (i32.const 4)))
  (local.set $n (i32.const 0))
  (loop $next
    (local.set $p (i32.add (local.get $list) (i32.shl (local.get $n) (i32.const 4))))
    (i32.store offset=4 (local.get $p) (i32.const ${PAGE})) (i32.store offset=12 (local.get $p) (i32.const ${PAGE}))
    (i32.store (local.get $p) (i32.const 0)) (i32.store offset=8 (local.get $p) (i32.const 0))
    (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))`
/** The two bytes at 40 that are not UTF-8. */
const NOT_UTF8 = '(i32.store16 (i32.const 40) (i32.const 0x28c3))'
const NAME_A = '(i32.store8 (i32.const 40) (i32.const 97))'
const ONE = '(i64.const 1)'

/** Fifteen words of a fetch that is as it should be, but for those given by their place. */
function fetchWords(changed: Readonly<Record<number, number | string>>): string {
  // Method `G` at 40; URL `http://allowed.test/` from the plugin's data is not needed: what is wrong is found before.
  const words: (number | string)[] = [40, 1, 48, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 512]
  for (const [at, value] of Object.entries(changed)) words[Number(at)] = value
  return `(i32.store8 (i32.const 40) (i32.const 71))
    (i64.store (i32.const 48) (i64.const 0x612f2f3a70747468)) (i32.store8 (i32.const 56) (i32.const 0x61))
    ${call('http-fetch', words)}`
}

type BadArgument = readonly [name: string, what: string, uses: string, code: string, cause?: TrapCause]

const BAD_ARGUMENTS: readonly BadArgument[] = [
  ['log-message-outside', 'a message outside of memory', 'log', call('log', [2, PAGE * 16, 1, 0, 0])],
  ['log-message-of-four-gib', 'a message of 4 GiB', 'log', call('log', [2, 0, -1, 0, 0])],
  ['log-message-utf8', 'a message that is not UTF-8', 'log', `${NOT_UTF8} ${call('log', [2, 40, 2, 0, 0])}`],
  ['log-level', 'a level that there is not', 'log', call('log', [5, 0, 0, 0, 0])],
  ['log-level-negative', 'a negative level', 'log', call('log', [-1, 0, 0, 0, 0])],
  ['log-fields-million', 'a million fields', 'log', call('log', [2, 0, 0, 0, 1_000_000])],
  ['log-fields-unaligned', 'fields that are not aligned', 'log', call('log', [2, 0, 0, 2, 1])],
  ['log-fields-outside', 'fields outside of memory', 'log', call('log', [2, 0, 0, PAGE * 16, 1])],
  ['log-fields-overflow', 'fields whose size overflows 32 bits', 'log', call('log', [2, 0, 0, 0, 0x1000_0000])],
  [
    'log-fields-alias-memory',
    'a thousand fields, each of which is all of memory',
    'log',
    `${ALIASING} ${call('log', [2, 0, 0, '(local.get $list)', 1000])}`,
  ],
  [
    'metric-name-outside',
    'a name outside of memory',
    'metric-counter',
    call('metric-counter', [PAGE * 16, 1, ONE, 0, 0]),
  ],
  [
    'metric-name-utf8',
    'a name that is not UTF-8',
    'metric-counter',
    `${NOT_UTF8} ${call('metric-counter', [40, 2, ONE, 0, 0])}`,
  ],
  [
    'metric-labels-alias-memory',
    'a thousand labels, each of which is all of memory',
    'metric-counter',
    `${NAME_A} ${ALIASING} ${call('metric-counter', [40, 1, ONE, '(local.get $list)', 1000])}`,
  ],
  [
    'random-result-outside',
    'a place for the answer that lies outside of memory',
    'random',
    call('random', [1, PAGE * 16]),
  ],
  ['random-result-unaligned', 'a place for the answer that is not aligned', 'random', call('random', [1, 2])],
  ['random-too-many', '65,537 random bytes at once', 'random', call('random', [65_537, 512]), 'contract'],
  ['random-four-gib', '4 GiB of random bytes', 'random', call('random', [-1, 512]), 'contract'],
  ['fetch-url-outside', 'a URL outside of memory', 'http-fetch', fetchWords({ 2: PAGE * 16 })],
  ['fetch-body-of-four-gib', 'a body of 4 GiB', 'http-fetch', fetchWords({ 7: -1 })],
  ['fetch-headers-million', 'a million headers', 'http-fetch', fetchWords({ 5: 1_000_000 })],
  [
    'fetch-headers-alias-memory',
    'a thousand headers, each of which is all of memory',
    'http-fetch',
    `${ALIASING} ${fetchWords({ 4: '(local.get $list)', 5: 1000 })}`,
  ],
  ['fetch-timeout-option', 'a timeout that is neither none nor some', 'http-fetch', fetchWords({ 8: 2 })],
  [
    'fetch-redirects-option',
    'a number of redirects that is neither none nor some',
    'http-fetch',
    fetchWords({ 10: -1 }),
  ],
  ['fetch-verify-option', 'a verify-tls that is neither none nor some', 'http-fetch', fetchWords({ 12: 256 })],
  [
    'fetch-result-outside',
    'a place for the answer that lies outside of memory',
    'http-fetch',
    fetchWords({ 14: PAGE * 16 }),
  ],
]

const BAD_NAMES: readonly (readonly [name: string, value: string])[] = [
  ['empty', ''],
  ['with-dash', 'a-b'],
  ['with-digit-first', '1a'],
  ['with-line-break', 'a\nb'],
  ['with-brace', 'a{b="c"}'],
  ['beyond-ascii', 'ä'],
  ['huge', 'a'.repeat(20_000)],
]

const BAD_FETCHES: readonly (readonly [
  name: string,
  what: string,
  step: Partial<Extract<Step, { do: 'http-fetch' }>>,
])[] = [
  ['url-relative', 'a relative URL', { url: '/a' }],
  ['url-malformed', 'a malformed URL', { url: 'http://[::1' }],
  ['url-empty', 'an empty URL', { url: '' }],
  ['method', 'a method that is a whole request line', { method: 'GET /x HTTP/1.1\r\nx: y\r\n\r\n' }],
  ['method-empty', 'an empty method', { method: '' }],
  ['header-value', 'a header with CR and LF in it', { headers: [['a', 'b\r\nc: d']] }],
  ['header-name', 'a header whose name is no token', { headers: [['a b', 'c']] }],
]

function after(uses: string, code: string): Handler {
  // The step behind is what imports the function; it is never come to.
  return [{ do: 'wat', code }, IMPORTS[uses]!, { answer: 'continue' }]
}

function reallocCase(name: string, what: string, code: string): TckCase {
  const plugin: Partial<WatPluginSpec> = { realloc: { wat: `(return ${code})` } }
  return {
    name: `arguments/realloc-${name}`,
    proves: `a cabi_realloc that answers ${what} is a trap: the host writes nowhere but in the plugin's memory`,
    run: async (trial) => {
      const site = await trial.site(hostilePlugin({ answer: 'continue' }, plugin))
      const headers = [{ name: 'a', value: 'b' }]
      const input = { method: 'GET', uri: '/', headers, context: [] }
      for (let round = 0; round < 3; round++) assertTrap(await site.call('l7-request', input), 'value')
    },
  }
}

/** What plugins call the host with. */
export const ARGUMENT_CASES: readonly TckCase[] = [
  ...BAD_ARGUMENTS.map(([name, what, uses, code, cause = 'value']) =>
    trapCase({
      name: `arguments/${name}`,
      proves: `${what} is a trap, at no cost to the host`,
      bad: after(uses, code),
      setup: SETUP,
      causes: [cause],
    }),
  ),
  trapCase({
    name: 'arguments/swallowed-by-catch-all',
    proves: 'what the host refuses cannot be caught: a trap ends the call even inside of a catch_all',
    bad: after('log', `(block $b (try_table (catch_all $b) ${call('log', [9, 0, 0, 0, 0])}))`),
    causes: ['value'],
  }),
  ...BAD_NAMES.map(([name, value]) =>
    trapCase({
      name: `arguments/metric-name-${name}`,
      proves: 'a metric name that does not match [a-zA-Z_][a-zA-Z0-9_]* is a trap',
      bad: [{ do: 'metric-counter', name: value }, { do: 'metric-gauge', name: 'a' }, { answer: 'continue' }],
      causes: ['contract'],
    }),
  ),
  ...BAD_FETCHES.map(([name, what, step]) =>
    trapCase({
      name: `arguments/fetch-${name}`,
      proves: `http-fetch with ${what} is a trap, and nobody is asked`,
      bad: [{ do: 'http-fetch', url: 'http://allowed.test/', ...step }, { answer: 'continue' }],
      setup: { policy: { allowed_hosts: ['*'] }, fetch: () => Promise.reject(new Error('the network was asked')) },
      causes: ['contract'],
    }),
  ),
  reallocCase('outside', 'an address outside of memory', '(i32.const 0x7ffffff0)'),
  reallocCase('negative', 'a negative address', '(i32.const -16)'),
  reallocCase('unaligned', 'an address that is not aligned', '(i32.const 1025)'),
  reallocCase('across-the-end', 'an address too near to the end of memory', `(i32.const ${PAGE - 4})`),
]
