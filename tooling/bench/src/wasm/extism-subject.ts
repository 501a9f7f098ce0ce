import { createPlugin } from '@extism/extism'
import { parseWat } from '../../../../packages/vane-plugin-sdk/src/build/index.ts'
import { asyncSubject, type Subject } from './subject.ts'
import type { Scenario } from './scenario.ts'

/**
 * The same plugin by Extism's interface: it is given the request as JSON, which is how its plugins are given structured data, takes
 * that into its memory, and answers JSON. It does not even parse what it is given.
 */
export async function extismSubject(name: string, scenario: Scenario, runInWorker: boolean): Promise<Subject> {
  const plugin = await createPlugin(
    { wasm: [{ data: await parseWat(extismWat(JSON.stringify(scenario.answer))) }] },
    { runInWorker, useWasi: false },
  )
  const { body, context, ...rest } = scenario.input
  // JSON has no 64-bit integers.
  const plain = context.map(({ path, value: { tag, val } }) => ({
    path,
    value: { tag, val: typeof val === 'bigint' ? Number(val) : val },
  }))
  let calls = 0
  const call = async (): Promise<unknown> => {
    // It keeps a block of memory for each input and output, and has numbers for 32,768.
    if (++calls % 5000 === 0) await plugin.reset()
    const text = body && { data: Buffer.from(body.data).toString('base64'), truncated: body.truncated }
    const output = await plugin.call('handle', JSON.stringify({ ...rest, body: text, context: plain }))
    const answer: unknown = output?.json()
    return answer
  }
  const answer = await call()
  if (JSON.stringify(answer) !== JSON.stringify(scenario.answer)) throw new Error('the Extism plugin answers otherwise')
  return asyncSubject(name, call, () => plugin.close())
}

function extismWat(answer: string): string {
  const { length } = Buffer.from(answer)
  return `(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory 4)
  (data (i32.const 0) "${answer.replaceAll('"', '\\"')}")
  (func (export "handle") (result i32) (local $i i64) (local $length i64) (local $out i64)
    (local.set $length (call $input_length))
    (block $done (loop $next
      (br_if $done (i64.gt_u (i64.add (local.get $i) (i64.const 8)) (local.get $length)))
      (i64.store offset=4096 (i32.wrap_i64 (local.get $i)) (call $input_load_u64 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 8)))
      (br $next)))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $length)))
      (i32.store8 offset=4096 (i32.wrap_i64 (local.get $i)) (call $input_load_u8 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.set $out (call $alloc (i64.const ${length})))
    (local.set $i (i64.const 0))
    (block $done (loop $next
      (br_if $done (i64.gt_u (i64.add (local.get $i) (i64.const 8)) (i64.const ${length})))
      (call $store_u64 (i64.add (local.get $out) (local.get $i)) (i64.load (i32.wrap_i64 (local.get $i))))
      (local.set $i (i64.add (local.get $i) (i64.const 8)))
      (br $next)))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (i64.const ${length})))
      (call $store_u8 (i64.add (local.get $out) (local.get $i)) (i32.load8_u (i32.wrap_i64 (local.get $i))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (call $output_set (local.get $out) (i64.const ${length}))
    (i32.const 0)))`
}
