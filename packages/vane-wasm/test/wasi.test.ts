import { describe, expect, test } from 'vitest'

import { bodyOf, openRuntime, REQUEST, writeComponent } from './_setup.ts'
import { wasiPlugin, type WasiCase } from './_wasi-plugin.ts'

async function openWasi(wasi: WasiCase) {
  const path = await writeComponent(await wasiPlugin(wasi))
  const runtime = openRuntime()
  await runtime.loadComponent(path)
  return await runtime.prepareCallSite(path, 'x', '{}')
}

describe('stand-ins for WASI', () => {
  test('exit is a trap', async () => {
    const site = await openWasi({
      name: 'wasi:cli/exit@0.2.3',
      wit: 'interface exit { exit: func(status: result); }',
      fields: '(import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))',
      code: '(call $exit (i32.const 0))',
    })
    expect(() => site.l7Request(REQUEST)).toThrow('plugin trap: the plugin called exit')
  })

  test("the environment is empty, whatever the daemon's is", async () => {
    const site = await openWasi({
      name: 'wasi:cli/environment@0.2.0',
      wit: 'interface environment { get-environment: func() -> list<tuple<string, string>>; }',
      fields: '(import "wasi:cli/environment@0.2.0" "get-environment" (func $env (param i32)))',
      code: '(local.set $p (call $alloc (i32.const 8) (i32.const 4))) (call $env (local.get $p)) (global.set $grown (i32.load offset=4 (local.get $p)))',
    })
    expect(process.env['PATH']).toBeDefined()
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('0')
  })

  test('no directory is preopened', async () => {
    const site = await openWasi({
      name: 'wasi:filesystem/preopens@0.2.0',
      wit: 'interface types { resource descriptor; }\ninterface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }',
      fields: '(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $dirs (param i32)))',
      code: '(local.set $p (call $alloc (i32.const 8) (i32.const 4))) (call $dirs (local.get $p)) (global.set $grown (i32.load offset=4 (local.get $p)))',
    })
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('0')
  })

  test('sockets are denied with a typed error', async () => {
    const site = await openWasi({
      name: 'wasi:sockets/tcp-create-socket@0.2.0',
      wit: `interface network { enum error-code { unknown, access-denied } enum ip-address-family { ipv4, ipv6 } }
        interface tcp { resource tcp-socket; }
        interface tcp-create-socket { use network.{error-code, ip-address-family}; use tcp.{tcp-socket};
          create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>; }`,
      fields: '(import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $socket (param i32 i32)))',
      code: '(local.set $p (call $alloc (i32.const 8) (i32.const 4))) (call $socket (i32.const 0) (local.get $p)) (global.set $grown (i32.add (i32.mul (i32.const 10) (i32.load8_u (local.get $p))) (i32.load8_u offset=4 (local.get $p))))',
    })
    // An error, 1, of the second case, 1.
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('11')
  })

  test('random is random, and bounded', async () => {
    const random = (length: number) =>
      openWasi({
        name: 'wasi:random/random@0.2.0',
        wit: 'interface random { get-random-bytes: func(len: u64) -> list<u8>; }',
        fields: '(import "wasi:random/random@0.2.0" "get-random-bytes" (func $bytes (param i64 i32)))',
        code: `(local.set $p (call $alloc (i32.const 8) (i32.const 4))) (call $bytes (i64.const ${length}) (local.get $p)) (global.set $grown (i32.load offset=4 (local.get $p)))`,
      })
    expect(await bodyOf((await random(100)).l7Request(REQUEST))).toBe('100')
    const greedy = await random(65_537)
    expect(() => greedy.l7Request(REQUEST)).toThrow(
      'plugin trap: asked for 65537 random bytes at once, more than the limit of 65536',
    )
  })

  test('a function that has no stand-in is a trap', async () => {
    const site = await openWasi({
      name: 'wasi:clocks/wall-clock@0.2.9',
      wit: 'interface wall-clock { set: func(seconds: u64); }',
      fields: '(import "wasi:clocks/wall-clock@0.2.9" "set" (func $set (param i64)))',
      code: '(call $set (i64.const 0))',
    })
    expect(() => site.l7Request(REQUEST)).toThrow('plugin trap: wasi:clocks/wall-clock is denied to plugins (set)')
  })
})
