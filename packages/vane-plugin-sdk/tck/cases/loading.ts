import assert from 'node:assert/strict'

import type { TckCase } from '../case/tck-case.ts'
import type { FixtureExport, WatPluginSpec } from '../plugin/spec.ts'
import { watModule } from '../plugin/wat-module.ts'
import { hostilePlugin } from './hostile-plugin.ts'

const QUIET = { answer: 'continue' } as const

function plugin(entry: Partial<FixtureExport> = {}, rest: Partial<WatPluginSpec> = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'guard', kind: 'l7-request', ...entry }] },
    handlers: { 'l7-request': QUIET },
    ...rest,
  }
}

function exportsOf(count: number): WatPluginSpec {
  const exports = Array.from({ length: count }, (_, n): FixtureExport => ({ name: `e${n}`, kind: 'l7-request' }))
  return plugin({}, { metadata: { exports } })
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const PREAMBLE = [0, 0x61, 0x73, 0x6d]

/** Bytes that are no component. */
const NO_COMPONENTS: readonly (readonly [name: string, what: string, bytes: Uint8Array])[] = [
  ['empty', 'an empty file', new Uint8Array()],
  ['text', 'a text', text('#!/bin/sh\n')],
  ['preamble-cut-off', 'a preamble that is cut off', Uint8Array.from(PREAMBLE)],
  ['core-module', 'a core module', Uint8Array.from([...PREAMBLE, 1, 0, 0, 0])],
  ['unknown-version', 'a component of an unknown version', Uint8Array.from([...PREAMBLE, 99, 0, 1, 0])],
  ['unknown-section', 'a component with an unknown section', Uint8Array.from([...PREAMBLE, 13, 0, 1, 0, 200, 1, 0])],
  ['no-exports', 'a component that exports nothing', Uint8Array.from([...PREAMBLE, 13, 0, 1, 0])],
  [
    'section-of-four-gib',
    'a section that says it has 4 GiB',
    Uint8Array.from([...PREAMBLE, 13, 0, 1, 0, 7, 255, 255, 255, 255, 15]),
  ],
  ['zeros', 'a megabyte of zeros', new Uint8Array(1_048_576)],
]

/** Metadata that no plugin may have; the reason must name the export. */
const BAD_METADATA: readonly (readonly [name: string, what: string, spec: WatPluginSpec, named?: string])[] = [
  ['kind-without-handler', 'an export whose kind has no handler', plugin({ kind: 'l4-peek' }), 'guard'],
  ['kind-unknown', 'an export of a kind that there is not', plugin({ kind: 'l9-magic' as never })],
  ['streaming-body', 'an export that says needs-streaming-body', plugin({ needsStreamingBody: true }), 'guard'],
  ['name-empty', 'an export without a name', plugin({ name: '' })],
  [
    'name-twice',
    'two exports of one name',
    plugin(
      {},
      {
        metadata: {
          exports: [
            { name: 'guard', kind: 'l7-request' },
            { name: 'guard', kind: 'l7-request' },
          ],
        },
      },
    ),
    'guard',
  ],
  [
    'inspects-unknown',
    'an export that inspects what there is not',
    plugin({ inspects: ['conn.peer_ip', 'conn.secrets'] }),
    'guard',
  ],
  [
    'abi-major',
    'another major version of the contract',
    plugin({}, { metadata: { abiVersion: '1.0.0', exports: [] } }),
  ],
  [
    'abi-minor',
    'another minor version of the contract',
    plugin({}, { metadata: { abiVersion: '0.2.0', exports: [] } }),
  ],
  ['abi-version-none', 'a version that is none', plugin({}, { metadata: { abiVersion: 'latest', exports: [] } })],
  ['exports-ten-thousand', '10,000 exports', exportsOf(10_000)],
  ['export-name-huge', 'an export with a name of 500 KB', plugin({ name: 'n'.repeat(500_000) })],
  ['name-huge', 'a plugin with a name of 500 KB', plugin({}, { metadata: { name: 'n'.repeat(500_000), exports: [] } })],
  [
    'inspects-huge',
    'an export that inspects a path of 500 KB',
    plugin({ inspects: [`http.header.${'n'.repeat(500_000)}`] }),
  ],
  [
    'inspects-many',
    'an export that inspects 50,000 paths',
    plugin({ inspects: Array.from({ length: 50_000 }, () => 'conn.id') }),
  ],
  ['metadata-outside', 'metadata outside of memory', plugin({}, { getMetadata: { wat: '(i32.const 0x7ffffff0)' } })],
  [
    'metadata-unaligned',
    'metadata at an address that is not aligned',
    plugin({}, { getMetadata: { wat: '(i32.const 1025)' } }),
  ],
  ['trap-in-start', 'a start function that traps', plugin({}, { start: 'trap' })],
  ['trap-in-get-metadata', 'a get-metadata that traps', plugin({}, { getMetadata: 'trap' })],
]

const FOREIGN_INTERFACES = [
  'evil:thing/x',
  'wasi:keyvalue/store@0.2.0',
  'wasi:cli/exit@0.3.0',
  'node:fs/promises',
] as const

/** Imports that are not interfaces, or not the ones that they say. */
const FOREIGN_IMPORTS: readonly (readonly [name: string, what: string, componentWat: string])[] = [
  ['bare-function', 'a bare function', '(component (import "run" (func)))'],
  ['core-module', 'a core module', '(component (import "m" (core module)))'],
  ['component', 'a component', '(component (import "c" (component)))'],
  [
    'another-interface-of-the-host',
    'another interface of the host’s package',
    '(component (import "vane:host/secrets@0.1.0" (instance (export "read" (func)))))',
  ],
  [
    'unknown-host-function',
    'a function that the host does not have',
    '(component (import "vane:host/host@0.1.0" (instance (export "shell" (func (param "command" string))))))',
  ],
  [
    'host-function-of-another-type',
    'a host function with other types than the contract’s',
    '(component (import "vane:host/host@0.1.0" (instance (export "get-args" (func (result u32))))))',
  ],
  [
    'host-of-another-contract',
    'the host of another contract',
    '(component (import "vane:host/host@0.2.0" (instance (export "get-args" (func (result string))))))',
  ],
]

/** Loading: what is no plugin is refused, with a reason, and costs no more than looking at it. */
export const LOADING_CASES: readonly TckCase[] = [
  ...NO_COMPONENTS.map(([name, what, bytes]): TckCase => ({
    name: `loading/${name}`,
    proves: `${what} is refused`,
    run: async (trial) => {
      await trial.refusalOf(bytes)
    },
  })),
  ...BAD_METADATA.map(([name, what, spec, named]): TckCase => ({
    name: `loading/${name}`,
    proves: `${what} is refused`,
    run: async (trial) => {
      const reason = await trial.refusalOf(spec, { limits: { memoryMb: 8 } })
      if (named !== undefined)
        assert.ok(reason.includes(named), `the refusal does not name the export ${named}: ${reason}`)
      assert.ok(reason.length <= 10_000, `the refusal has ${reason.length} characters`)
    },
  })),
  ...FOREIGN_INTERFACES.map((name): TckCase => ({
    name: `loading/imports-${name.replaceAll(/[^a-z0-9]+/g, '-')}`,
    proves: `a component that imports ${name} is refused, and the reason names it`,
    run: async (trial) => {
      const spec = plugin({}, { imports: [name], handlers: { 'l7-request': [{ do: 'poke', import: name }, QUIET] } })
      const reason = await trial.refusalOf(spec)
      assert.ok(reason.includes(name), `the refusal does not name ${name}: ${reason}`)
    },
  })),
  ...FOREIGN_IMPORTS.map(([name, what, componentWat]): TckCase => ({
    name: `loading/imports-${name}`,
    proves: `a component that imports ${what} is refused`,
    run: async (trial) => {
      await trial.refusalOf({ componentWat })
    },
  })),
  {
    name: 'loading/component-exports-ten-thousand',
    proves: 'a component that exports 10,000 instances is taken or refused, and soon',
    run: async (trial) => {
      const exports = Array.from({ length: 10_000 }, (_, n) => `(export "e${n}" (instance $i))`).join(' ')
      await trial.tryLoad({ componentWat: `(component (component $c) (instance $i (instantiate $c)) ${exports})` })
    },
  },
  {
    name: 'loading/core-names-huge',
    proves: 'core modules that are linked by names of 100 KB are taken or refused, and soon',
    run: async (trial) => {
      const name = 'n'.repeat(100_000)
      await trial.tryLoad({
        componentWat: `(component (core module $a (func (export "${name}"))) (core module $b (import "m" "${name}" (func)))
          (core instance $i (instantiate $a)) (core instance (instantiate $b (with "m" (instance $i)))))`,
      })
    },
  },
  {
    name: 'loading/names-of-javascript',
    proves: 'a core export whose name is JavaScript is a name and nothing else',
    run: async (trial) => {
      const global = globalThis as { vaneTckRan?: unknown }
      for (const name of [
        `'];globalThis.vaneTckRan=1;['`,
        '`${globalThis.vaneTckRan=1}`',
        '__proto__',
        'constructor',
      ]) {
        await trial.load(plugin({}, { fields: `(func (export "${name.replaceAll('"', '\\"')}"))` }))
        assert.equal(global.vaneTckRan, undefined)
      }
    },
  },
  {
    name: 'loading/nested-deeply',
    proves: 'a component of components nested 5,000 deep is refused, and soon',
    run: async (trial) => {
      await trial.refusalOf(nestedComponent(5000))
    },
  },
  {
    name: 'loading/instances-doubling',
    proves: 'a component of a few lines whose instances have two instances each, 39 levels deep, is refused, and soon',
    run: async (trial) => {
      const levels = Array.from({ length: 40 }, (_, n) =>
        n === 0
          ? '(component $c0)'
          : `(component $c${n} (alias outer 1 $c${n - 1} (component $inner))
              (instance (instantiate $inner)) (instance (instantiate $inner)))`,
      )
      await trial.refusalOf({ componentWat: `(component ${levels.join('\n')} (instance (instantiate $c39)))` })
    },
  },
  {
    name: 'loading/function-huge',
    proves: 'a function of 3 MB of code is taken or refused, and soon',
    run: async (trial) => {
      const body = '(local.set $p (i32.add (local.get $p) (i32.const 1)))'.repeat(450_000)
      await trial.tryLoad(plugin({}, { fields: `(func (local $p i32) ${body})` }))
    },
  },
  {
    name: 'loading/after-a-refusal',
    proves: 'a refusal leaves nothing behind: the same component loads, once nothing is wrong with it',
    run: async (trial) => {
      const { wat, wit, world } = watModule(plugin())
      await trial.refusalOf({
        wat: wat.replace('(memory (export "memory") 1', '(memory (export "memory") 60000'),
        wit,
        world,
      })
      await trial.load({ wat, wit, world })
    },
  },
  {
    name: 'loading/hostile-name-in-messages',
    proves: 'what a component calls itself cannot forge lines of the message that refuses it',
    run: async (trial) => {
      const reason = await trial.refusalOf(plugin({ name: 'a\nforged: all is well\u001b[2J', kind: 'l4-peek' }))
      assert.doesNotMatch(reason, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\nforged/)
    },
  },
  {
    name: 'loading/exports-in-number',
    proves: 'a plugin may have a hundred exports, each of which is called by its name',
    run: async (trial) => {
      const spec: WatPluginSpec = {
        ...exportsOf(100),
        handlers: { 'l7-request': { answer: 'short', body: { echo: 'name' } } },
      }
      const loaded = await trial.load(spec)
      assert.equal(loaded.metadata.exports.length, 100)
    },
  },
  {
    name: 'loading/quiet',
    proves: 'the plugin that the other cases are variants of is taken',
    run: async (trial) => {
      await trial.load(plugin())
      await trial.load(hostilePlugin(QUIET))
    },
  },
]

/** A component in a component, so many times: the text's own parser would not go as deep. */
function nestedComponent(depth: number): Uint8Array {
  const preamble = [...PREAMBLE, 13, 0, 1, 0]
  let size = preamble.length
  const heads: number[][] = []
  for (let level = 0; level < depth; level++) {
    heads.push([...preamble, 4, ...leb128(size)])
    size += heads[level]!.length
  }
  return Uint8Array.from([...heads.toReversed().flat(), ...preamble])
}

function leb128(value: number): number[] {
  const low = value & 0x7f
  return value < 0x80 ? [low] : [low | 0x80, ...leb128(value >>> 7)]
}
