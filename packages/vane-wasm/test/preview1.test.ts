import { adaptedComponent, watModule, type Preview1Adapter } from 'vane-fixtures'
import { parseWat } from 'vane-plugin-sdk/build'
import { expect, test } from 'vitest'

import { bodyOf, openRuntime, recordingLogger, REQUEST, writeComponent } from './_setup.ts'

const IMPORTS = `
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))`

/** Calls them one after the other; whatever is not as it should be is a trap. */
const CODE = `
  (local.set $p (call $alloc (i32.const 64) (i32.const 8)))
  ;; "hi", by one part that begins 32 bytes on
  (i32.store (local.get $p) (i32.add (local.get $p) (i32.const 32)))
  (i32.store offset=4 (local.get $p) (i32.const 3))
  (i32.store offset=32 (local.get $p) (i32.const 0x0a6968))
  (if (call $fd_write (i32.const 1) (local.get $p) (i32.const 1) (i32.add (local.get $p) (i32.const 8))) (then unreachable))
  (if (i32.ne (i32.load offset=8 (local.get $p)) (i32.const 3)) (then unreachable))
  (if (call $clock (i32.const 0) (i64.const 0) (i32.add (local.get $p) (i32.const 16))) (then unreachable))
  (if (i64.lt_u (i64.load offset=16 (local.get $p)) (i64.const 1700000000000000000)) (then unreachable))
  (if (call $random_get (local.get $p) (i32.const 16)) (then unreachable))
  (if (i64.eq (i64.load (local.get $p)) (i64.load offset=8 (local.get $p))) (then unreachable))
  (if (call $environ (local.get $p) (i32.add (local.get $p) (i32.const 4))) (then unreachable))
  (if (i64.ne (i64.load (local.get $p)) (i64.const 0)) (then unreachable))
  ;; no file of whatever folder
  (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (local.get $p) (i32.const 8) (i32.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (local.get $p)))
    (then unreachable))`

test.each<Preview1Adapter>(['wasi', 'host'])(
  'a module that knows the first WASI alone, behind an adapter: %s',
  async (adapter) => {
    const { wat } = watModule({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: {
        'l7-request': [{ do: 'wat', code: CODE }, { do: 'count' }, { answer: 'short', body: { echo: 'counter' } }],
      },
    })
    const core = await parseWat(wat.replace('(module', `(module ${IMPORTS}`))
    const module = await writeComponent(await adaptedComponent(core, 'l7-request-plugin', adapter))
    const { logger, lines } = recordingLogger()
    const runtime = openRuntime({ logger })
    await runtime.loadComponent(module)
    const site = await runtime.prepareCallSite(module, 'x', '{}')
    for (let n = 0; n < 5; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
    expect(lines.map(({ message }) => message.replace('\\x{0a}', ''))).toEqual(Array.from({ length: 5 }, () => 'hi'))
  },
)
