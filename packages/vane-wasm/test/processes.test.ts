import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { loadPlugin, openRuntime, REQUEST, temporaryDir, writeComponent } from './_setup.ts'
import { runChild } from './children/_run.ts'

const CONTINUE: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
  handlers: { 'l7-request': { answer: 'continue' } },
}
const FETCH: WatPluginSpec = {
  ...CONTINUE,
  handlers: {
    'l7-request': [
      { do: 'http-fetch', url: 'http://a.test/' },
      { answer: 'error', code: 'done', message: { echo: 'fetch' } },
    ],
  },
}

describe('a process that closes its runtime ends by itself', () => {
  test('after a call', async () => {
    expect(await runChild('life.ts', [await writeComponent(await watPlugin(CONTINUE)), 'after a call'])).toEqual({
      stdout: '{"tag":"continue"}\n',
      stderr: '',
    })
  })

  test('while a plugin waits for a fetch that never ends', async () => {
    expect(await runChild('life.ts', [await writeComponent(await watPlugin(FETCH)), 'while it fetches'])).toEqual({
      stdout: 'false\n',
      stderr: '',
    })
  })

  test('while a component is taken apart', async () => {
    const { stdout, stderr } = await runChild('life.ts', [
      await writeComponent(await watPlugin(CONTINUE)),
      'while loading',
    ])
    // Which of the two depends on how far it had come.
    expect(stdout).toMatch(/the runtime (?:was closed while the component was prepared|is closed)/)
    expect(stderr).toBe('')
  })
})

test('a plugin that traps in every way, waiting or not, leaves no rejection unhandled', async () => {
  const path = await writeComponent(
    await watPlugin({
      ...CONTINUE,
      handlers: {
        'l7-request': {
          match: { echo: 'uri' },
          cases: {
            '/trap': { answer: 'trap' },
            '/fetch-trap': [{ do: 'http-fetch', url: 'http://a.test/' }, { answer: 'trap' }],
            '/error': [
              { do: 'http-fetch', url: 'http://a.test/' },
              { answer: 'error', code: 'c', message: 'm' },
            ],
            '/bad-url': [{ do: 'http-fetch', url: 'nonsense' }, { answer: 'continue' }],
            '/recurse': { answer: 'recurse' },
          },
          otherwise: { answer: 'continue' },
        },
      },
    }),
  )
  const { stdout, stderr } = await runChild('unhandled.ts', [path])
  expect(JSON.parse(stdout)).toEqual([
    expect.stringContaining('plugin trap: '),
    expect.stringContaining('plugin trap: '),
    'plugin c: m',
    'plugin trap: http-fetch was given a url that is relative, malformed or too long',
    'plugin trap: stack exhausted',
    'continue',
  ])
  expect(stderr).toBe('')
})

test('address space that is used up is a refusal, not the end of the process', async () => {
  const exports = [{ name: 'x', kind: 'l7-request', stateless: false }] as const
  const path = await writeComponent(await watPlugin({ ...CONTINUE, metadata: { exports } }))
  const { stdout } = await runChild('address-space.ts', [path], { maxAddressSpaceKb: 200 * 1024 * 1024 })
  expect(JSON.parse(stdout)).toEqual({ reason: 'wasm-pool', decision: { tag: 'continue' }, isWhole: true })
})

describe('a closed runtime', () => {
  test('loads and prepares nothing, and calls are traps', async () => {
    const { runtime, module } = await loadPlugin(CONTINUE)
    const site = await runtime.prepareCallSite(module, 'x', '{}')
    await runtime.close()
    await runtime.close()
    await expect(runtime.loadComponent(module)).rejects.toMatchObject({ kind: 'canceled' })
    await expect(runtime.prepareCallSite(module, 'x', '{}')).rejects.toMatchObject({ kind: 'canceled' })
    expect(() => runtime.invokeL7Request(module, 'x', '{}', REQUEST)).toThrow('plugin trap: the wasm runtime is closed')
    expect(() => site.l7Request(REQUEST)).toThrow('plugin trap: export x: the call site is released')
    expect(runtime.snapshot()).toEqual([])
  })
})

test('the event loop goes on while components are taken apart', async () => {
  const runtime = openRuntime({ stateDir: await temporaryDir() })
  const paths = await Promise.all(
    [1, 2, 3].map(async (pages) => writeComponent(await watPlugin({ ...CONTINUE, memory: { pages } }))),
  )
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  try {
    await Promise.all(paths.map((path) => runtime.loadComponent(path)))
  } finally {
    clearInterval(timer)
  }
  expect(turns).toBeGreaterThan(2)
})
