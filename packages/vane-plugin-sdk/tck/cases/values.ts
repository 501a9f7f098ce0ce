import assert from 'node:assert/strict'

import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { REQUEST } from '../case/trial.ts'
import type { FixtureHeaders, Handler } from '../plugin/spec.ts'
import { hostilePlugin, trapCase } from './hostile-plugin.ts'

const MIB = 1_048_576
const PAGE = 65_536

/** Puts 36 bytes of nothing, enough for any answer, to `$ret`. */
const zeroed = `(local.set $ret (call $alloc (i32.const 36) (i32.const 4)))
    (memory.fill (local.get $ret) (i32.const 0) (i32.const 36))`

/** The words of a `result<l7-request-decision, plugin-error>` as a plugin may write them, in place of what it should. */
interface Words {
  readonly result?: number
  readonly decision?: number
  readonly status?: number
  readonly headers?: readonly [pointer: number | string, count: number]
  readonly body?: readonly [pointer: number | string, length: number]
  /** Instructions before; they may use `$list`, `$p` and `$n`. */
  readonly before?: string
}

const word = (value: number | string): string => (typeof value === 'string' ? value : `(i32.const ${value | 0})`)

function answer({
  result = 0,
  decision = 1,
  status = 200,
  headers = [0, 0],
  body = [0, 0],
  before = '',
}: Words): Handler {
  const code = `${before}
    ${zeroed}
    (i32.store8 (local.get $ret) (i32.const ${result}))
    (i32.store8 offset=4 (local.get $ret) (i32.const ${decision}))
    (i32.store16 offset=8 (local.get $ret) (i32.const ${status}))
    (i32.store offset=12 (local.get $ret) ${word(headers[0])})
    (i32.store offset=16 (local.get $ret) ${word(headers[1])})
    (i32.store offset=20 (local.get $ret) ${word(body[0])})
    (i32.store offset=24 (local.get $ret) ${word(body[1])})
    (local.get $ret)`
  return { answer: 'wat', code }
}

/** A list of so many headers in `$list`, whose names and values are all these words. */
function headerList(count: number, words: readonly [number, number, number, number]): string {
  return `
    (local.set $list (call $alloc (i32.const ${count * 16}) (i32.const 4)))
    (local.set $n (i32.const 0))
    (loop $next
      (local.set $p (i32.add (local.get $list) (i32.shl (local.get $n) (i32.const 4))))
      ${words.map((value, index) => `(i32.store offset=${index * 4} (local.get $p) ${word(value)})`).join(' ')}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${count}))))`
}

/** One header of the words, which lie where the plugin's static cells are. */
function oneHeader(words: readonly [number, number, number, number]): Words {
  return { before: headerList(1, words), headers: ['(local.get $list)', 1] }
}

const BAD_ANSWERS: readonly (readonly [name: string, what: string, bad: Handler])[] = [
  ['result-unaligned', 'an answer at an address that is not aligned', { answer: 'wat', code: '(i32.const 1025)' }],
  ['result-outside', 'an answer outside of memory', { answer: 'wat', code: '(i32.const 0x7ffffff0)' }],
  ['result-negative', 'an answer at a negative address', { answer: 'wat', code: '(i32.const -4)' }],
  [
    'result-across-the-end',
    'an answer that begins inside of memory and ends outside',
    { answer: 'wat', code: `(i32.const ${PAGE - 4})` },
  ],
  ['result-tag', 'a result that is neither ok nor error', answer({ result: 2 })],
  ['decision-tag', 'a decision that the kind does not have', answer({ decision: 3 })],
  ['decision-tag-largest', 'a decision with the largest tag there is', answer({ decision: 255 })],
  ['body-outside', 'a body outside of memory', answer({ body: [MIB, 1] })],
  ['body-of-four-gib', 'a body of 4 GiB', answer({ body: [0, 0xffff_ffff] })],
  ['body-around-the-end', 'a body whose end is beyond 32 bits', answer({ body: [0xffff_fff0, 0x20] })],
  ['body-empty-outside', 'an empty body outside of memory', answer({ body: [0x7fff_ffff, 0] })],
  ['headers-outside', 'a list outside of memory', answer({ headers: [MIB, 1] })],
  ['headers-unaligned', 'a list at an address that is not aligned', answer({ headers: [2050, 1] })],
  [
    'headers-count-overflow',
    'a list whose size is 0 when it is counted in 32 bits',
    answer({ headers: [0, 0x1000_0000] }),
  ],
  ['headers-count-largest', 'a list of as many entries as can be said', answer({ headers: [0, 0xffff_ffff] })],
  ['headers-million', 'a list of a million entries that all lie in the same page', answer({ headers: [0, 1_000_000] })],
  ['header-name-outside', 'a header whose name lies outside of memory', answer(oneHeader([MIB, 4, 0, 0]))],
  ['header-value-outside', 'a header whose value lies outside of memory', answer(oneHeader([0, 1, 0xffff_ffff, 1]))],
  [
    'headers-alias-memory',
    'a list of a thousand headers, each of which is all of memory',
    answer({ before: headerList(1000, [0, PAGE, 0, PAGE]), headers: ['(local.get $list)', 1000] }),
  ],
  [
    'headers-alias-themselves',
    'a list whose entries are the list itself',
    answer({ before: headerList(2000, [0, PAGE / 2, 0, PAGE / 2]), headers: ['(local.get $list)', 2000] }),
  ],
  [
    'error-code-outside',
    'an error whose code lies outside of memory',
    {
      answer: 'wat',
      code: `${zeroed} (i32.store8 (local.get $ret) (i32.const 1))
        (i32.store offset=4 (local.get $ret) ${word(MIB)}) (i32.store offset=8 (local.get $ret) (i32.const 1)) (local.get $ret)`,
    },
  ],
]

/** What is not UTF-8, and why. */
const NOT_UTF8: readonly (readonly [name: string, what: string, bytes: readonly number[]])[] = [
  ['continuation', 'a continuation byte by itself', [0x80]],
  ['truncated', 'a sequence that is cut off', [0xc3]],
  ['overlong-2', 'an overlong NUL', [0xc0, 0x80]],
  ['overlong-3', 'an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
  ['surrogate', 'half of a surrogate pair', [0xed, 0xa0, 0x80]],
  ['surrogate-pair', 'a surrogate pair as two sequences', [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
  ['beyond-unicode', 'a code point beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['no-such-byte', 'a byte that UTF-8 does not have', [0xff]],
]

const INJECTIONS: readonly (readonly [name: string, what: string, headers: FixtureHeaders])[] = [
  ['cr-in-value', 'CR in a value', [['a', 'b\rc']]],
  ['lf-in-value', 'LF in a value', [['a', 'b\nset-cookie: x']]],
  ['crlf-in-value', 'a whole second response in a value', [['a', '\r\n\r\nHTTP/1.1 200 OK\r\n']]],
  ['nul-in-value', 'NUL in a value', [['a', '\0']]],
  ['crlf-in-name', 'CR and LF in a name', [['a\r\nb', 'c']]],
  ['colon-in-name', 'a colon in a name', [['a:b', 'c']]],
  ['space-in-name', 'a space in a name', [['a b', 'c']]],
  ['empty-name', 'an empty name', [['', 'c']]],
  ['name-beyond-ascii', 'a name that is not ASCII', [['ä', 'c']]],
]

/** Bad option tags of a `modified-response`: where each of them lies in the answer. */
const OPTION_TAGS = { status: 8, headers: 12, body: 24 } as const

/** Values that plugins answer: whatever does not decode, or must not be, is a trap. */
export const VALUE_CASES: readonly TckCase[] = [
  ...BAD_ANSWERS.map(([name, what, bad]) =>
    trapCase({ name: `values/${name}`, proves: `${what} is a trap, at no cost to the host`, bad, causes: ['value'] }),
  ),
  ...NOT_UTF8.map(([name, what, bytes]) =>
    trapCase({
      name: `values/utf8-${name}`,
      proves: `a text with ${what} is a trap and never becomes U+FFFD`,
      bad: { answer: 'error', code: Uint8Array.from([0x61, ...bytes]), message: '' },
      causes: ['value'],
    }),
  ),
  trapCase({
    name: 'values/error-hint-option-tag',
    proves: 'an option that is neither none nor some is a trap',
    bad: {
      answer: 'wat',
      code: `${zeroed}
        (i32.store8 (local.get $ret) (i32.const 1)) (i32.store8 offset=20 (local.get $ret) (i32.const 2)) (local.get $ret)`,
    },
    causes: ['value'],
  }),
  trapCase({
    name: 'values/error-hint-unknown',
    proves: 'an on-error-hint other than force-close and internal is a trap',
    bad: { answer: 'error', hint: 'force-clos' },
    causes: ['contract'],
  }),
  ...Object.entries(OPTION_TAGS).map(([part, offset]): TckCase => ({
    name: `values/modify-option-tag-${part}`,
    proves: `a modified response whose ${part} is neither none nor some is a trap`,
    run: async (trial) => {
      const code = `${zeroed}
        (i32.store8 offset=4 (local.get $ret) (i32.const 1)) (i32.store8 offset=${offset} (local.get $ret) (i32.const 2)) (local.get $ret)`
      const site = await trial.site({
        metadata: { exports: [{ name: 'x', kind: 'l7-response' }] },
        handlers: { 'l7-response': { answer: 'wat', code } },
      })
      const input = { status: 200, headers: [], context: [] }
      for (let round = 0; round < 3; round++) assertTrap(await site.call('l7-response', input), 'value')
    },
  })),
  ...INJECTIONS.map(([name, what, headers]) =>
    trapCase({
      name: `values/header-${name}`,
      proves: `${what} of a header is a trap: no plugin writes a line of its own`,
      bad: { answer: 'short', headers },
      causes: ['contract'],
    }),
  ),
  ...[0, 99, 600, 65_535].map((status) =>
    trapCase({
      name: `values/status-${status}`,
      proves: `status ${status} is a trap`,
      bad: { answer: 'short', status },
      causes: ['contract'],
    }),
  ),
  {
    name: 'values/modify-outside-the-contract',
    proves: 'the status and the headers of a modified response are held to the same rules',
    run: async (trial) => {
      for (const bad of [
        { answer: 'modify', status: 99 },
        { answer: 'modify', status: 600 },
        { answer: 'modify', headers: [['a', '\n']] },
        { answer: 'modify', headers: [['a b', '']] },
      ] as const) {
        const site = await trial.site({
          metadata: { exports: [{ name: 'x', kind: 'l7-response' }] },
          handlers: { 'l7-response': bad },
        })
        assertTrap(await site.call('l7-response', { status: 200, headers: [], context: [] }), 'contract')
      }
    },
  },
  {
    name: 'values/overlapping',
    proves: 'texts that overlap one another, and the list that they are in, are taken for what they are',
    run: async (trial) => {
      // The name is the value's middle, and both lie in the text `x-abc`.
      const before = `(i32.store (i32.const 40) (i32.const 0x62612d78)) (i32.store8 (i32.const 44) (i32.const 0x63)) ${headerList(2, [42, 3, 40, 5])}`
      const site = await trial.site(hostilePlugin(answer({ before, headers: ['(local.get $list)', 2], body: [40, 5] })))
      const outcome = await site.request('/bad')
      assert.equal(bodyOf(outcome), 'x-abc')
      const header = { name: 'abc', value: 'x-abc' }
      assert.deepEqual(headersOf(outcome), [header, header])
    },
  },
  {
    name: 'values/bom',
    proves: 'a byte order mark is a character like others, on the way in and on the way out',
    run: async (trial) => {
      const site = await trial.site({
        metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
        handlers: { 'l7-request': { answer: 'short', headers: [['a', '\ufeffb']], body: { echo: 'uri' } } },
      })
      const outcome = await site.request('\ufeff/')
      assert.equal(bodyOf(outcome), '\ufeff/')
      assert.deepEqual(headersOf(outcome), [{ name: 'a', value: '\ufeffb' }])
    },
  },
  {
    name: 'values/lone-surrogates-in',
    proves:
      'a text that the host holds and that is no Unicode reaches a plugin as U+FFFD, never as bytes that are not UTF-8',
    run: async (trial) => {
      const site = await trial.site({
        metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
        handlers: { 'l7-request': { answer: 'short', body: { echo: 'uri' } } },
      })
      for (const [given, taken] of [
        ['/\ud800', '/\ufffd'],
        ['/\udc00\ud800/', '/\ufffd\ufffd/'],
        ['/\ud83d\ude00', '/😀'],
        [`/${'a'.repeat(300)}\ud800`, `/${'a'.repeat(300)}\ufffd`],
      ] as const) {
        assert.equal(bodyOf(await site.call('l7-request', { ...REQUEST, uri: given })), taken)
      }
    },
  },
]

function headersOf(outcome: { readonly tag: string }): unknown {
  assert.ok('decision' in outcome)
  const { decision } = outcome as { decision: { tag: string; val?: { headers: unknown } } }
  return decision.val?.headers
}
