import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DEFAULT_PLUGIN_HTTP_POLICY,
  NetError,
  PluginPolicyTable,
  toModuleId,
  type HttpFetchBackend,
  type L7RequestInput,
} from 'vane-core'
import { compile } from 'vane-engine/compile'
import { buildPlugin } from 'vane-plugin-sdk/build'
import { createWasmRuntime, DEFAULT_PLUGIN_LIMITS, type PluginLimits, type WasmRuntimeOptions } from 'vane-wasm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeProject, type Project } from '../src/make-project.ts'
import { filesOf, markOf, readFences } from '../src/read-fences.ts'
import { codesOf, tableUnder } from '../src/read-tables.ts'
import { readPage, ROOT } from '../src/repository.ts'
import { runNode } from '../src/run-node.ts'

const page = await readPage('plugins')
const fences = readFences(page)
const REQUEST: L7RequestInput = { method: 'GET', uri: '/', headers: [], context: [] }
// A project and a built component each; the engine's build takes about a second.
const BUILD_TIMEOUT_MS = 60_000

test('every example of code is one that a test runs', () => {
  const code = fences.filter(({ language }) => ['ts', 'wat', 'json', 'jsonc'].includes(language))
  const folders = new Set(code.map((fence) => markOf(fence, 'file')?.split('/')[0] ?? fence.marks[0]))
  expect([...folders].toSorted()).toEqual(['auth', 'gate', 'policy', 'quota', 'tag', 'teapot'])
})

test(
  'the TypeScript is free of type errors',
  async () => {
    const folders = ['gate', 'quota', 'auth', 'teapot']
    const files = Object.entries(filesOf(fences)).filter(([path]) => folders.includes(path.split('/')[0]!))
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      // Without a browser's globals, as in the packages themselves.
      lib: ['esnext'],
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      customConditions: ['vane-source'],
    }
    const include = [...folders, join(ROOT, 'packages/vane-wasm/src/webassembly.d.ts')]
    await using project = await makeProject({
      ...Object.fromEntries(files),
      'tsconfig.json': JSON.stringify({ compilerOptions, include }),
    })
    const { stdout, code } = await runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
      cwd: project.dir,
    })
    expect({ stdout, code }).toEqual({ stdout: '', code: 0 })
  },
  BUILD_TIMEOUT_MS,
)

describe('gate', () => {
  let project: Project
  beforeAll(async () => {
    project = await makeProject(filesOf(fences, 'gate/'))
  })
  afterAll(() => project[Symbol.asyncDispose]())

  test(
    'builds, and prints what the page says',
    async () => {
      const { stdout, stderr } = await runNode(['build.ts'], { cwd: project.dir })
      const printed = fences.find((fence) => markOf(fence, 'stdout') === 'gate/build.ts')
      expect({ stdout, stderr }).toEqual({ stdout: printed?.text, stderr: '' })
    },
    BUILD_TIMEOUT_MS,
  )

  test(
    'its tests pass, in Node and in the runtime',
    async () => {
      const run = await runNode(['--test', '--test-reporter=tap'], { cwd: project.dir })
      expect(run.stdout).toMatch(/^# pass 3$/m)
      expect(run.code).toBe(0)
    },
    BUILD_TIMEOUT_MS,
  )

  test(
    'the daemon takes the configuration',
    async () => {
      const { stderr, code } = await runNode([join(ROOT, 'apps/vaned/src/main.ts'), '--config', 'site', '--check'], {
        cwd: project.dir,
        env: { VANE_STATE_DIR: join(project.dir, 'state') },
      })
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    },
    BUILD_TIMEOUT_MS,
  )

  test('its rule compiles with what the component says of itself', async () => {
    await withPlugin(join(project.dir, 'site/wasm/gate.wasm'), {}, async ({ metadata }) => {
      const text = await readFile(join(project.dir, 'site/rules/site.json'), 'utf8')
      const { diagnostics } = compile({
        files: [{ path: 'rules/site.json', text }],
        middleware: {
          builtins: {},
          plugin: ({ stem, exportName }) => {
            expect(stem).toBe('gate')
            const found = metadata.exports.find(({ name }) => name === exportName)
            if (found === undefined) return { problem: { code: 'unknown-export', message: exportName } }
            return { path: '/wasm/gate.wasm', meta: found }
          },
        },
      })
      expect(diagnostics).toEqual([])
    })
  })

  test('calls end as the page says', async () => {
    await withPlugin(join(project.dir, 'site/wasm/gate.wasm'), {}, async ({ open }) => {
      const closed = await open('require-key', { key: 'secret' })
      expect(await closed.l7Request(REQUEST)).toMatchObject({ tag: 'short', val: { status: 401 } })
      const headers = [{ name: 'x-api-key', value: 'secret' }]
      expect(await closed.l7Request({ ...REQUEST, headers })).toEqual({ tag: 'continue' })
      const misused = await open('require-key', {})
      await expect((async () => misused.l7Request(REQUEST))()).rejects.toMatchObject({
        case: 'plugin',
        code: 'bad-args',
      })
      const stamp = await open('stamp', {})
      expect(await stamp.l7Response({ status: 200, headers: [], context: [] })).toMatchObject({
        tag: 'modify',
        val: { headers: [{ name: 'x-gate', value: 'passed' }] },
      })
    })
  })
})

describe('quota', () => {
  test(
    'a stateless export forgets, a stateful one does not',
    async () => {
      await using project = await makeProject(filesOf(fences, 'quota/'))
      await buildPlugin({ entry: join(project.dir, 'plugin.ts'), out: join(project.dir, 'quota.wasm') })
      await withPlugin(join(project.dir, 'quota.wasm'), { limits: { pool: 1 } }, async ({ open }) => {
        const tags = async (exportName: string): Promise<string[]> => {
          const site = await open(exportName, {})
          const answers: string[] = []
          for (let call = 0; call < 4; call++) answers.push((await site.l7Request(REQUEST)).tag)
          return answers
        }
        expect(await tags('forgetful')).toEqual(['continue', 'continue', 'continue', 'continue'])
        expect(await tags('strict')).toEqual(['continue', 'continue', 'short', 'short'])
      })
    },
    BUILD_TIMEOUT_MS,
  )
})

describe('auth', () => {
  const policyText = fences.find(({ marks }) => marks.includes('policy'))?.text ?? ''
  let project: Project
  beforeAll(async () => {
    project = await makeProject(filesOf(fences, 'auth/'))
    await buildPlugin({ entry: join(project.dir, 'plugin.ts'), out: join(project.dir, 'auth.wasm') })
  }, BUILD_TIMEOUT_MS)
  afterAll(() => project[Symbol.asyncDispose]())

  const ask = async (httpFetch: HttpFetchBackend, policies?: PluginPolicyTable): Promise<unknown> => {
    const options = policies === undefined ? { httpFetch } : { httpFetch, policies }
    return withPlugin(join(project.dir, 'auth.wasm'), { options }, async ({ open }) => {
      const site = await open('ask', {})
      return (async () => site.l7Request({ ...REQUEST, headers: [{ name: 'authorization', value: 'me' }] }))()
    })
  }

  test('asks within the policy of the page', async () => {
    const policies = PluginPolicyTable.fromJson(policyText)
    const asked: unknown[] = []
    const answer = (status: number): HttpFetchBackend => ({
      fetch: async (request, limits) => {
        asked.push([request.url, request.headers, limits.timeoutMs])
        return { status, headers: [], body: new Uint8Array() }
      },
    })
    expect(await ask(answer(200), policies)).toEqual({ tag: 'continue' })
    expect(await ask(answer(401), policies)).toMatchObject({ tag: 'short', val: { status: 403 } })
    expect(asked[0]).toEqual(['https://auth.example.com/check', [['authorization', 'me']], 500])
    const refusing: HttpFetchBackend = { fetch: () => Promise.reject(new NetError({ tag: 'connection-refused' })) }
    await expect(ask(refusing, policies)).rejects.toMatchObject({
      case: 'plugin',
      code: 'auth-unreachable',
      pluginMessage: 'connection-refused',
    })
  })

  test('without a policy it reaches nothing', async () => {
    const never: HttpFetchBackend = { fetch: () => Promise.reject(new Error('was asked')) }
    await expect(ask(never)).rejects.toMatchObject({ code: 'auth-unreachable', pluginMessage: 'not-allowed' })
  })

  test('the keys of the policy and their defaults', () => {
    const rows = tableUnder(page, 'Fetching').rows.map(([key = '', value = '']) => [
      codesOf(key)[0],
      codesOf(value)[0] ?? value,
    ])
    const written = JSON.stringify({ a: Object.fromEntries(rows.map(([key, value = '']) => [key, JSON.parse(value)])) })
    expect(PluginPolicyTable.fromJson(written).getOrDefault('a')).toEqual(DEFAULT_PLUGIN_HTTP_POLICY)
    expect(rows).toHaveLength(Object.keys(DEFAULT_PLUGIN_HTTP_POLICY).length)
  })
})

describe('other languages', () => {
  test(
    'AssemblyScript',
    async () => {
      await using project = await makeProject(filesOf(fences, 'tag/'))
      expect(await runNode(['build.ts'], { cwd: project.dir })).toEqual({ stdout: '', stderr: '', code: 0 })
      await withPlugin(join(project.dir, 'tag.wasm'), {}, async ({ open }) => {
        const site = await open('tag', {})
        const context = [{ path: 'conn.peer_ip', value: { tag: 'text', val: '192.0.2.7' } as const }]
        expect(await site.l7Response({ status: 200, headers: [], context })).toMatchObject({
          tag: 'modify',
          val: { headers: [{ name: 'x-peer', value: '192.0.2.7' }] },
        })
        await expect((async () => site.l7Response({ status: 200, headers: [], context: [] }))()).rejects.toMatchObject({
          code: 'no-peer',
        })
      })
    },
    BUILD_TIMEOUT_MS,
  )

  test(
    'WebAssembly text',
    async () => {
      await using project = await makeProject(filesOf(fences, 'teapot/'))
      expect(await runNode(['build.ts'], { cwd: project.dir })).toEqual({ stdout: '', stderr: '', code: 0 })
      await withPlugin(join(project.dir, 'teapot.wasm'), {}, async ({ open, metadata }) => {
        expect(metadata.exports).toMatchObject([{ name: 'teapot', kind: 'l7-request', stateless: true, inspects: [] }])
        const site = await open('teapot', {})
        for (let call = 0; call < 3; call++) {
          expect(
            await site.l7Request({ ...REQUEST, headers: [{ name: 'a', value: 'b'.repeat(30_000) }] }),
          ).toMatchObject({
            tag: 'short',
            val: { status: 418, headers: [] },
          })
        }
      })
    },
    BUILD_TIMEOUT_MS,
  )
})

test('the limits and their defaults', () => {
  const rows = tableUnder(page, 'Limits').rows.map(([key = '', value = '']) => [
    codesOf(key)[0]?.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    Number(value),
  ])
  // The one whose default depends on the kind; the compatibility kit has a case for each.
  expect(Object.fromEntries(rows)).toEqual({ ...DEFAULT_PLUGIN_LIMITS, maxBodyBytes: 1_048_576 })
})

interface OpenPlugin {
  readonly metadata: Awaited<ReturnType<ReturnType<typeof createWasmRuntime>['loadComponent']>>
  open(exportName: string, args: object): ReturnType<ReturnType<typeof createWasmRuntime>['prepareCallSite']>
}

/** Loads a component in a runtime of its own, with the memory that the page allows an engine. */
async function withPlugin<T>(
  path: string,
  given: { readonly limits?: Partial<PluginLimits>; readonly options?: WasmRuntimeOptions },
  use: (plugin: OpenPlugin) => Promise<T>,
): Promise<T> {
  const stem = path.replace(/^.*\/|\.wasm$/g, '')
  // Machines that run many tests at once are slow: the time of a call is not what is tried here.
  const runtime = createWasmRuntime({
    ...given.options,
    limits: { [stem]: { memoryMb: 4, cpuMsPerCall: 1000, ...given.limits } },
  })
  try {
    const metadata = await runtime.loadComponent(path)
    const module = toModuleId(path)
    return await use({ metadata, open: (name, args) => runtime.prepareCallSite(module, name, JSON.stringify(args)) })
  } finally {
    await runtime.close()
  }
}
