import assert from 'node:assert/strict'

import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { watModule, type ModuleText } from '../plugin/wat-module.ts'
import { oneExport } from './one-export.ts'

/** An interface of WASI that a plugin imports, and what it does with it. */
interface WasiUse {
  /** With its version, as it is imported. */
  readonly name: string
  /** Its WIT, without the package around it. */
  readonly wit: string
  /** The core import. */
  readonly fields: string
  /** Instructions that leave what is reported in the global `$grown`. */
  readonly code: string
}

const RESULT = '(local.set $p (call $alloc (i32.const 8) (i32.const 4)))'
/** The length of the list that was answered. */
const LENGTH = '(global.set $grown (i32.load offset=4 (local.get $p)))'

/** What is answered, or `trap`; and why nothing gets out that way. */
const USES: readonly (readonly [name: string, proves: string, answer: string, use: WasiUse])[] = [
  [
    'environment',
    'a plugin that asks for the environment is given an empty one, whatever the host’s is',
    '0',
    {
      name: 'wasi:cli/environment@0.2.0',
      wit: 'interface environment { get-environment: func() -> list<tuple<string, string>>; }',
      fields: '(import "wasi:cli/environment@0.2.0" "get-environment" (func $call (param i32)))',
      code: `${RESULT} (call $call (local.get $p)) ${LENGTH}`,
    },
  ],
  [
    'arguments',
    'a plugin has no command line',
    '0',
    {
      name: 'wasi:cli/environment@0.2.3',
      wit: 'interface environment { get-arguments: func() -> list<string>; }',
      fields: '(import "wasi:cli/environment@0.2.3" "get-arguments" (func $call (param i32)))',
      code: `${RESULT} (call $call (local.get $p)) ${LENGTH}`,
    },
  ],
  [
    'directories',
    'no directory is open to a plugin',
    '0',
    {
      name: 'wasi:filesystem/preopens@0.2.0',
      wit: `interface types { resource descriptor; }
        interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }`,
      fields: '(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $call (param i32)))',
      code: `${RESULT} (call $call (local.get $p)) ${LENGTH}`,
    },
  ],
  [
    'sockets',
    'making a socket is an error, access-denied',
    '11',
    {
      name: 'wasi:sockets/tcp-create-socket@0.2.0',
      wit: `interface network { enum error-code { unknown, access-denied } enum ip-address-family { ipv4, ipv6 } }
        interface tcp { resource tcp-socket; }
        interface tcp-create-socket { use network.{error-code, ip-address-family}; use tcp.{tcp-socket};
          create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>; }`,
      fields: '(import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $call (param i32 i32)))',
      // Ten for an error, and its number.
      code: `${RESULT} (call $call (i32.const 0) (local.get $p)) (global.set $grown (i32.add
        (i32.mul (i32.const 10) (i32.load8_u (local.get $p))) (i32.load8_u offset=4 (local.get $p))))`,
    },
  ],
  [
    'exit',
    'exit ends the call as a trap, and not the process',
    'trap',
    {
      name: 'wasi:cli/exit@0.2.0',
      wit: 'interface exit { exit: func(status: result); }',
      fields: '(import "wasi:cli/exit@0.2.0" "exit" (func $call (param i32)))',
      code: '(call $call (i32.const 0))',
    },
  ],
  [
    'random',
    'random bytes are given by the system, and bounded like those of the contract',
    'trap',
    {
      name: 'wasi:random/random@0.2.0',
      wit: 'interface random { get-random-bytes: func(len: u64) -> list<u8>; }',
      fields: '(import "wasi:random/random@0.2.0" "get-random-bytes" (func $call (param i64 i32)))',
      code: `${RESULT} (call $call (i64.const 1099511627776) (local.get $p)) ${LENGTH}`,
    },
  ],
]

/** WASI, which toolchains import for plugins that need none of it: it is there, and reaches nothing. */
export const WASI_CASES: readonly TckCase[] = USES.map(([name, proves, answer, use]) => ({
  name: `wasi/${name}`,
  proves,
  run: async (trial) => {
    const { request } = await trial.site(toModule(use))
    for (let round = 0; round < 2; round++) {
      const outcome = await request('/')
      if (answer === 'trap') assertTrap(outcome, 'contract')
      else assert.equal(bodyOf(outcome), answer)
    }
  },
}))

function toModule({ name, wit, fields, code }: WasiUse): ModuleText {
  const module = watModule(
    oneExport([
      { do: 'wat', code },
      { answer: 'short', body: { echo: 'grown' } },
    ]),
  )
  const [, packageName = '', version = ''] = /^([^/]+)\/[^@]+@(.+)$/.exec(name) ?? []
  const world = module.wit.replace('world fixture {', `world fixture { import ${name};`)
  return {
    ...module,
    // Imports come before everything else.
    wat: module.wat.replace('(module', `(module ${fields}`),
    wit: `${world}\npackage ${packageName}@${version} {\n${wit}\n}\n`,
  }
}
