import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VaneError, type PluginExport, type PluginMetadata, type WasmRuntime } from 'vane-core'
import { loadConfig, type LoadedConfig } from './load-config.ts'
import { MAX_RULE_FILES } from './read-rule-files.ts'

let dir: string
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'vane-config-')))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), content)
}

function rule(name: string, ...uses: string[]): object {
  const middleware_chain = uses.map((use) => ({ use }))
  return {
    name,
    listen: [':80'],
    match: { 'http.host': { equals: name } },
    middleware_chain,
    terminate: { type: 'close' },
  }
}

const rules = (...list: object[]): string => JSON.stringify({ rules: list }, null, 2)
const places = ({ diagnostics }: LoadedConfig): string[] =>
  diagnostics.map(
    ({ code, span }) => `${span === undefined ? '-' : `${span.file}:${span.line}:${span.column}`} ${code}`,
  )

const exported: PluginExport = {
  name: 'on-request',
  kind: 'l7-request',
  stateless: true,
  needsBody: true,
  inspects: ['conn.peer_ip'],
  needsStreamingBody: false,
}

/** A runtime that knows files by name, and of which only loading is asked. */
function runtime(known: Readonly<Record<string, readonly PluginExport[] | Error>>): {
  wasm: WasmRuntime
  loaded: string[]
} {
  const loaded: string[] = []
  const loadComponent = (path: string): Promise<PluginMetadata> => {
    loaded.push(path)
    const exports = known[path.slice(path.lastIndexOf('/') + 1)]
    if (exports === undefined || exports instanceof Error) return Promise.reject(exports ?? new Error('no such file'))
    return Promise.resolve({ name: 'p', version: '1.0.0', abiVersion: '0.1.0', exports })
  }
  const unused = (): never => {
    throw new Error('loading a configuration calls no plugin')
  }
  const wasm: WasmRuntime = {
    loadComponent,
    prepareCallSite: unused,
    invokeL4Peek: unused,
    invokeL4Bytes: unused,
    invokeL7Request: unused,
    invokeL7Response: unused,
  }
  return { wasm, loaded }
}

test('reads .json and .jsonc of the rules folder, and nothing else', async () => {
  write('rules/20-b.json', rules(rule('b')))
  write('rules/10-a.jsonc', `// hello\n${rules(rule('a')).replace(/\]\n}$/, '],\n}')}`)
  write('rules/.hidden.json', '{')
  write('rules/old/c.json', '{')
  write('rules/README.md', '{')
  write('rules/c.json~', '{')
  mkdirSync(join(dir, 'rules', 'folder.json'))
  const loaded = await loadConfig(dir)
  expect(loaded.diagnostics).toEqual([])
  expect(loaded.graph?.meta.sourceFiles).toEqual(['rules/10-a.jsonc', 'rules/20-b.json'])
  expect(loaded.sources.get('rules/20-b.json')).toBe(rules(rule('b')))
})

test('a symbolic link to a file is read as the file', async () => {
  write('elsewhere.json', rules(rule('a')))
  mkdirSync(join(dir, 'rules'))
  symlinkSync(join(dir, 'elsewhere.json'), join(dir, 'rules', 'a.json'))
  expect((await loadConfig(dir)).graph?.meta.sourceFiles).toEqual(['rules/a.json'])
})

test('says which directory or file to create', async () => {
  const missing = await loadConfig(join(dir, 'nowhere'))
  expect(missing).toMatchObject({ graph: undefined, diagnostics: [{ code: 'missing-directory' }] })
  expect(missing.diagnostics[0]?.message).toBe(`the configuration directory ${join(dir, 'nowhere')} does not exist`)
  const withoutRules = await loadConfig(dir)
  expect(withoutRules.diagnostics).toMatchObject([
    { code: 'missing-directory', suggestion: expect.stringContaining('10-app.json') },
  ])
  mkdirSync(join(dir, 'rules'))
  expect((await loadConfig(dir)).diagnostics).toMatchObject([
    { code: 'no-rules', suggestion: expect.stringContaining('10-app.json') },
  ])
  write('file', '')
  expect((await loadConfig(join(dir, 'file'))).diagnostics).toMatchObject([{ code: 'unreadable-file' }])
})

test('what cannot be read is a diagnostic, beside the problems of the files that can', async () => {
  mkdirSync(join(dir, 'rules'))
  write('rules/bytes.json', new Uint8Array([0x7b, 0xff, 0x7d]))
  symlinkSync('loop.json', join(dir, 'rules', 'loop.json'))
  symlinkSync('nowhere', join(dir, 'rules', 'dangling.json'))
  symlinkSync(dir, join(dir, 'rules', 'directory.json'))
  execFileSync('mkfifo', [join(dir, 'rules', 'pipe.json')])
  write('rules/zeros.json', Buffer.alloc(16 * 1024 * 1024 + 1))
  write('rules/mark.json', '\u{feff}{}')
  write('rules/wrong.json', '{ "rules": [], "x": 1 }')
  const loaded = await loadConfig(dir)
  expect(loaded.graph).toBeUndefined()
  expect(places(loaded)).toEqual([
    'rules/bytes.json:1:2 invalid-utf8',
    'rules/dangling.json:1:1 unreadable-file',
    'rules/directory.json:1:1 unreadable-file',
    'rules/loop.json:1:1 unreadable-file',
    'rules/mark.json:1:1 byte-order-mark',
    'rules/pipe.json:1:1 unreadable-file',
    'rules/wrong.json:1:16 unknown-key',
    'rules/zeros.json:1:1 file-too-large',
  ])
  expect(loaded.diagnostics[3]?.message).toBe('cannot read rules/loop.json: its symbolic links lead in a circle')
})

test('more rule files than the limit are not read at all', async () => {
  for (let index = 0; index <= MAX_RULE_FILES; index++) write(`rules/${index}.json`, '{')
  expect((await loadConfig(dir)).diagnostics).toMatchObject([{ code: 'too-many-files' }])
})

test('loads each plugin that rules name once, by its canonical path', async () => {
  write('rules/a.json', rules(rule('a', 'p:on-request', 'p:on-request'), rule('b', 'p:on-request')))
  write('plugins/p-1.wasm', '')
  symlinkSync('p-1.wasm', join(dir, 'plugins', 'p.wasm'))
  const { wasm, loaded } = runtime({ 'p-1.wasm': [exported] })
  const { graph, diagnostics } = await loadConfig(dir, { wasm, wasmDir: join(dir, 'plugins') })
  expect(diagnostics).toEqual([])
  expect(loaded).toEqual([join(dir, 'plugins', 'p-1.wasm')])
  expect(graph?.middlewares).toMatchObject([
    {
      plugin: { path: join(dir, 'plugins', 'p-1.wasm'), export: 'on-request' },
      meta: { kind: 'l7-request', stateless: true, needsBody: true, inspects: ['conn.peer_ip'] },
    },
  ])
})

test('plugins are looked for in the wasm folder of the configuration', async () => {
  write('rules/a.json', rules(rule('a', 'p:on-request')))
  write('wasm/p.wasm', '')
  const { wasm } = runtime({ 'p.wasm': [exported] })
  expect((await loadConfig(dir, { wasm })).diagnostics).toEqual([])
})

test('without a runtime, a rule that names a plugin says which feature is missing, and other rules are checked', async () => {
  write('rules/a.json', rules(rule('a', 'p:on-request'), rule('b', 'forward_client_ipp')))
  const loaded = await loadConfig(dir)
  expect(places(loaded)).toEqual(['rules/a.json:15:18 plugin-unavailable', 'rules/a.json:34:18 unknown-middleware'])
  expect(loaded.diagnostics[0]?.message).toBe(
    'rule "a" uses plugin "p:on-request": the `wasm` feature is off or not installed',
  )
})

test('plugins that are absent, refused or lack the export are reported where they are used', async () => {
  write('rules/a.json', rules(rule('a', 'headres:x'), rule('b', 'bad:x', 'headers:on-reqest', 'headers:on-request')))
  write('wasm/headers.wasm', '')
  write('wasm/bad.wasm', '')
  const refusal = new VaneError({ kind: 'compile' }, 'bad.wasm: not a component')
  const { wasm } = runtime({ 'headers.wasm': [exported], 'bad.wasm': refusal })
  const loaded = await loadConfig(dir, { wasm })
  expect(places(loaded)).toEqual([
    'rules/a.json:15:18 unknown-plugin',
    'rules/a.json:34:18 plugin-refused',
    'rules/a.json:37:18 unknown-export',
  ])
  expect(loaded.diagnostics).toMatchObject([
    {
      message: `rule "a" uses plugin "headres:x": there is no headres.wasm in ${join(dir, 'wasm')}`,
      suggestion: 'did you mean "headers"?',
    },
    { message: 'rule "b" uses plugin "bad:x": bad.wasm: not a component' },
    {
      message: 'rule "b" uses plugin "headers:on-reqest": it has no export "on-reqest"',
      suggestion: 'did you mean "on-request"?',
    },
  ])
})

test('a configuration without plugins loads none', async () => {
  write('rules/a.json', rules(rule('a')))
  const { wasm, loaded } = runtime({})
  expect((await loadConfig(dir, { wasm })).diagnostics).toEqual([])
  expect(loaded).toEqual([])
})

test('a plugin that no rule names is warned of, unless rules cannot be read', async () => {
  write('rules/a.json', rules(rule('a', 'p:on-request')))
  write('wasm/p.wasm', '')
  write('wasm/q.wasm', '')
  write('wasm/.r.wasm', '')
  const { wasm } = runtime({ 'p.wasm': [exported] })
  const loaded = await loadConfig(dir, { wasm })
  expect(loaded.graph).toBeDefined()
  expect(loaded.diagnostics).toMatchObject([
    { severity: 'warning', code: 'unused-plugin', message: 'no rule names the plugin "q.wasm"' },
  ])
  write('rules/b.json', '{')
  expect(places(await loadConfig(dir, { wasm }))).toEqual(['rules/b.json:1:2 syntax-error'])
})

test('the limits and policies of plugins are checked with the rules', async () => {
  write('rules/a.json', rules(rule('a', 'p:on-request')))
  write('wasm/p.wasm', '')
  write('wasm/limits.json', '{ "p": { "pool": 0 }, "pp": {} }')
  write('wasm/policy.json', '{\n "q": { "allow_hosts": [] } }')
  const { wasm } = runtime({ 'p.wasm': [exported] })
  const loaded = await loadConfig(dir, { wasm })
  expect(loaded.graph).toBeUndefined()
  expect(places(loaded)).toEqual([
    'wasm/limits.json:1:18 out-of-range',
    'wasm/limits.json:1:23 unknown-plugin',
    'wasm/policy.json:2:2 unknown-plugin',
    'wasm/policy.json:2:9 unknown-key',
  ])
  expect(loaded.diagnostics[1]).toMatchObject({ severity: 'warning', suggestion: 'did you mean "p"?' })
  expect(loaded.sources.get('wasm/limits.json')).toContain('pool')
})

test('hostile files of every kind end in diagnostics', async () => {
  write('rules/a.json', rules(rule('a')))
  mkdirSync(join(dir, 'wasm'))
  symlinkSync('limits.json', join(dir, 'wasm', 'limits.json'))
  execFileSync('mkfifo', [join(dir, 'wasm', 'policy.json')])
  write('rules/deep.json', '['.repeat(10_000))
  write('rules/proto.json', '{ "__proto__": { "rules": [] }, "rules": [] }')
  write('rules/twice.json', '{ "rules": [], "rules": [] }')
  execFileSync('truncate', ['-s', '100M', join(dir, 'rules', 'huge.json')])
  expect(places(await loadConfig(dir))).toEqual([
    'rules/deep.json:1:65 nesting-too-deep',
    'rules/huge.json:1:1 file-too-large',
    'rules/proto.json:1:3 forbidden-key',
    'rules/twice.json:1:16 duplicate-key',
    'wasm/limits.json:1:1 unreadable-file',
    'wasm/policy.json:1:1 unreadable-file',
  ])
})

test('a file that is written to all the time ends in a text or a diagnostic', async () => {
  const text = rules(rule('a')).padEnd(1_000_000)
  write('rules/a.json', text)
  let going = true
  const writing = (async () => {
    while (going) await writeFile(join(dir, 'rules', 'a.json'), text)
  })()
  for (let index = 0; index < 10; index++) {
    const { graph, diagnostics } = await loadConfig(dir)
    expect(graph === undefined).toBe(diagnostics.length > 0)
  }
  going = false
  await writing
  expect((await loadConfig(dir)).diagnostics).toEqual([])
})

test('a runtime that may be missing is asked for only where a rule names a plugin that is there', async () => {
  const asked: object[] = []
  let closed = 0
  const { wasm, loaded } = runtime({ 'gate.wasm': [exported] })
  const open = (limits: object): Promise<Pick<WasmRuntime, 'loadComponent'> & { close(): Promise<void> }> => {
    asked.push(limits)
    return Promise.resolve({
      loadComponent: (path) => wasm.loadComponent(path),
      close: () => Promise.resolve(void closed++),
    })
  }
  write('wasm/gate.wasm', '')
  write('wasm/limits.json', '{ "gate": { "memory_mb": 7 } }')
  write('rules/a.json', rules(rule('a'), rule('b', 'gates:on-request')))
  const absent = await loadConfig(dir, { openPlugins: open })
  expect([asked, absent.assumedPlugins]).toEqual([[], []])
  expect(absent.diagnostics).toContainEqual(
    expect.objectContaining({ code: 'unknown-plugin', suggestion: 'did you mean "gate"?' }),
  )

  write('rules/a.json', rules(rule('a'), rule('b', 'gate:on-request')))
  const looked = await loadConfig(dir, { openPlugins: open })
  expect([looked.graph?.middlewares[0]?.meta.needsBody, looked.assumedPlugins]).toEqual([true, []])
  expect([asked, loaded.length, closed]).toEqual([[{ gate: { memoryMb: 7 } }], 1, 1])

  const assumed = await loadConfig(dir, { openPlugins: () => Promise.resolve(undefined) })
  expect([assumed.graph?.middlewares[0]?.meta.needsBody, assumed.assumedPlugins]).toEqual([false, ['gate.wasm']])
})
