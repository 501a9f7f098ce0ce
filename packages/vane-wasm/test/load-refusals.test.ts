import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { VaneError } from 'vane-core'
import { rawWatPlugin, watPlugin, type FixtureExport, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, onTestFinished, test } from 'vitest'

import { openRuntime, temporaryDir, writeComponent } from './_setup.ts'

async function refusalOf(bytes: Uint8Array, options = {}): Promise<{ message: string; path: string }> {
  const path = await writeComponent(bytes)
  const error: unknown = await openRuntime(options)
    .loadComponent(path)
    .catch((reason: unknown) => reason)
  if (!(error instanceof VaneError)) throw new Error('the component was not refused with a VaneError', { cause: error })
  expect(error.kind).toBe('compile')
  expect(error.message).toContain(path)
  return { message: error.message, path }
}

function spec(entry: Partial<FixtureExport> = {}, rest: Partial<WatPluginSpec> = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'guard', kind: 'l7-request', ...entry }] },
    handlers: { 'l7-request': { answer: 'continue' } },
    ...rest,
  }
}

describe('bytes that are no component', () => {
  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'the file is empty'],
    ['text', Buffer.from('#!/bin/sh\n'), 'not WebAssembly'],
    ['a cut-off preamble', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d), 'ends within its first 8 bytes'],
    ['a core module', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'core WebAssembly module'],
    ['another component format', Uint8Array.of(0, 0x61, 0x73, 0x6d, 99, 0, 1, 0), 'version 99'],
    [
      'garbage behind a preamble',
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 200, 1, 0),
      'unknown component section 200',
    ],
    ['an empty component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0), 'no vane:plugin/registry'],
  ])('%s', async (_, bytes, reason) => {
    expect((await refusalOf(bytes)).message).toContain(reason)
  })

  test('a component that is cut off', async () => {
    const whole = await watPlugin(spec())
    expect((await refusalOf(whole.subarray(0, whole.length - 100))).message).toContain(
      'malformed component: unexpected end',
    )
  })

  test('a component whose core module is damaged', async () => {
    const bytes = Buffer.from(await watPlugin(spec()))
    // The name of a core export that the component is made of.
    const at = bytes.indexOf('cabi_realloc')
    bytes.write('cabi_reallox', at)
    expect((await refusalOf(bytes)).message).toContain(
      'malformed component: a core instance has no func of the name "cabi_realloc"',
    )
  })

  test('a file over the size limit', async () => {
    expect((await refusalOf(await watPlugin(spec()), { maxComponentBytes: 1000 })).message).toMatch(
      /bytes, more than the limit of 1000/,
    )
  })

  test('no file, a folder, a link to nothing', async () => {
    const dir = await temporaryDir()
    const runtime = openRuntime()
    await expect(runtime.loadComponent(join(dir, 'none.wasm'))).rejects.toThrow(/none\.wasm: no such file/)
    await mkdir(join(dir, 'folder.wasm'))
    await expect(runtime.loadComponent(join(dir, 'folder.wasm'))).rejects.toThrow(/folder\.wasm: not a regular file/)
    await symlink(join(dir, 'gone.wasm'), join(dir, 'link.wasm'))
    await expect(runtime.loadComponent(join(dir, 'link.wasm'))).rejects.toThrow(/link\.wasm: no such file/)
  })
})

describe('abi-version', () => {
  test.each(['0.2.0', '1.0.0', '0.0.9'])('%s is another contract', async (abiVersion) => {
    const { message } = await refusalOf(await watPlugin(spec({}, { metadata: { abiVersion, exports: [] } })))
    expect(message).toContain(`abi-version "${abiVersion}" is not compatible with this host's 0.1.0`)
  })

  test.each(['', '0.1', 'v0.1.0', '0.1.0-rc.1', '0.01.0'])('%o is no version', async (abiVersion) => {
    const { message } = await refusalOf(await watPlugin(spec({}, { metadata: { abiVersion, exports: [] } })))
    expect(message).toContain('is not a version')
  })

  test('another patch is the same contract', async () => {
    const path = await writeComponent(await watPlugin(spec({}, { metadata: { abiVersion: '0.1.7', exports: [] } })))
    expect(await openRuntime().loadComponent(path)).toMatchObject({ abiVersion: '0.1.7' })
  })
})

describe('exports', () => {
  test('a kind without its handler', async () => {
    const { message } = await refusalOf(await watPlugin(spec({ kind: 'l4-peek' })))
    expect(message).toContain(
      'export "guard": kind l4-peek, but the component does not export vane:plugin/handler-l4-peek',
    )
  })

  test('needs-streaming-body', async () => {
    const { message } = await refusalOf(await watPlugin(spec({ needsStreamingBody: true })))
    expect(message).toContain('export "guard": needs-streaming-body is reserved')
  })

  test('a name twice', async () => {
    const exports: FixtureExport[] = [
      { name: 'guard', kind: 'l7-request' },
      { name: 'other', kind: 'l7-request' },
      { name: 'guard', kind: 'l7-request' },
    ]
    const { message } = await refusalOf(await watPlugin(spec({}, { metadata: { exports } })))
    expect(message).toContain('export "guard": two exports have this name')
  })

  test('an empty name', async () => {
    expect((await refusalOf(await watPlugin(spec({ name: '' })))).message).toContain('export "": the name is empty')
  })

  test('a path that does not exist, with a suggestion', async () => {
    const { message } = await refusalOf(await watPlugin(spec({ inspects: ['conn.peer_ip', 'conn.peer_ipp'] })))
    expect(message).toContain(
      'export "guard": inspects unknown context path "conn.peer_ipp"; did you mean "conn.peer_ip"?',
    )
  })

  test('a path that does not exist for the kind', async () => {
    const inL4 = spec(
      { kind: 'l4-peek', inspects: ['http.method'] },
      { handlers: { 'l4-peek': { answer: 'continue' } } },
    )
    expect((await refusalOf(await watPlugin(inL4))).message).toContain('does not exist for kind l4-peek')
  })

  test('too many', async () => {
    const exports = Array.from({ length: 1001 }, (_, index) => ({ name: `e${index}`, kind: 'l7-request' as const }))
    expect((await refusalOf(await watPlugin(spec({}, { metadata: { exports } })))).message).toContain(
      '1001 exports, more than the limit of 1000',
    )
  })
})

describe('imports', () => {
  test.each(['evil:thing/x', 'evil:thing/x@1.0.0', 'wasi:keyvalue/store@0.2.0'])(
    '%s is not permitted',
    async (name) => {
      const poking: WatPluginSpec = spec(
        {},
        { imports: [name], handlers: { 'l7-request': [{ do: 'poke', import: name }, { answer: 'continue' }] } },
      )
      expect((await refusalOf(await watPlugin(poking))).message).toContain(
        `imports "${name}": a plugin may import nothing but`,
      )
    },
  )

  test('another interface of the host', async () => {
    const bytes = await rawWatPlugin({
      wat: '(component (import "vane:host/secrets@0.1.0" (instance (export "read" (func)))))',
    })
    expect((await refusalOf(bytes)).message).toContain(
      'imports "vane:host/secrets@0.1.0": a plugin may import nothing but',
    )
  })

  test('WASI of another version', async () => {
    const name = 'wasi:cli/exit@0.3.0'
    const poking: WatPluginSpec = spec(
      {},
      { imports: [name], handlers: { 'l7-request': [{ do: 'poke', import: name }, { answer: 'continue' }] } },
    )
    expect((await refusalOf(await watPlugin(poking))).message).toContain('this host provides wasi:cli/exit@0.2.x')
  })

  test('a bare function', async () => {
    const bytes = await rawWatPlugin({ wat: '(component (import "run" (func)))' })
    expect((await refusalOf(bytes)).message).toContain('imports the function "run"')
  })

  test('a function that the host interface does not have', async () => {
    const bytes = await rawWatPlugin({
      wat: '(component (import "vane:host/host@0.1.0" (instance (export "shell" (func (param "command" string))))))',
    })
    expect((await refusalOf(bytes)).message).toContain('imports "shell" from vane:host/host')
  })

  test('a host of another contract', async () => {
    const bytes = await rawWatPlugin({
      wat: '(component (import "vane:host/host@0.2.0" (instance (export "get-args" (func (result string))))))',
    })
    expect((await refusalOf(bytes)).message).toContain('this host provides vane:host/host@0.1.x')
  })
})

describe('code that runs while loading', () => {
  test.each<[string, Partial<WatPluginSpec>, string]>([
    ['a start function that traps', { start: 'trap' }, 'instantiating the component failed: plugin trap'],
    ['get-metadata that traps', { getMetadata: 'trap' }, 'get-metadata failed: plugin trap'],
    [
      'metadata outside of memory',
      { getMetadata: { wat: '(i32.const 0x7ffffff0)' } },
      'get-metadata failed: plugin trap',
    ],
    [
      'endless recursion',
      {
        getMetadata: { wat: '(call $recurse_forever)' },
        fields: '(func $recurse_forever (result i32) (i32.add (i32.const 1) (call $recurse_forever)))',
      },
      'stack exhausted',
    ],
  ])('%s', async (_, rest, reason) => {
    expect((await refusalOf(await watPlugin(spec({}, rest)))).message).toContain(reason)
  })
})

describe('an engine that cannot suspend WebAssembly, as those before Node 24.20', () => {
  const fetching: Partial<WatPluginSpec> = {
    handlers: { 'l7-request': [{ do: 'http-fetch', url: 'http://a.test/' }, { answer: 'continue' }] },
  }

  function withoutSuspending(): void {
    const known = Object.getOwnPropertyDescriptor(WebAssembly, 'Suspending')!
    onTestFinished(() => void Object.defineProperty(WebAssembly, 'Suspending', known))
    Object.defineProperty(WebAssembly, 'Suspending', { ...known, value: undefined })
  }

  test('takes no plugin that fetches, each time', async () => {
    const bytes = await watPlugin(spec({}, fetching))
    const stateDir = await temporaryDir()
    withoutSuspending()
    for (let n = 0; n < 2; n++) {
      const { message } = await refusalOf(bytes, { stateDir })
      expect(message).toContain(`imports http-fetch, for which Node.js ${process.versions.node} is too old`)
    }
  })

  test('takes every other', async () => {
    withoutSuspending()
    const path = await writeComponent(await watPlugin(spec()))
    expect(await openRuntime().loadComponent(path)).toMatchObject({ name: 'fixture' })
  })
})

test('a refusal leaves nothing behind: a good file at the same path loads', async () => {
  const path = await writeComponent(Buffer.from('not yet'))
  const runtime = openRuntime()
  await expect(runtime.loadComponent(path)).rejects.toThrow(/not WebAssembly/)
  await writeFile(path, await watPlugin(spec()))
  expect(await runtime.loadComponent(path)).toMatchObject({ name: 'fixture', exports: [{ name: 'guard' }] })
})
