import { writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { freePort, startDaemon, testConfig, type TestConfig } from './daemon-process.ts'

const answering = (body: string): WatPluginSpec => ({
  metadata: { exports: [{ name: 'greet', kind: 'l7-request' }] },
  handlers: { 'l7-request': { answer: 'short', body } },
})

async function writePlugin(config: TestConfig, spec: WatPluginSpec): Promise<void> {
  mkdirSync(join(config.dir, 'wasm'), { recursive: true })
  writeFileSync(join(config.dir, 'wasm/p.wasm'), await watPlugin(spec))
}

function rules(port: number): object {
  return {
    rules: [
      {
        name: 'plugin',
        listen: [`127.0.0.1:${port}`],
        middleware_chain: [{ use: 'p:greet' }],
        terminate: { type: 'static', status: 200 },
      },
    ],
  }
}

const body = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text()

describe('a reload with the same rules', () => {
  it('takes a changed plugin over, and keeps the old one where the new one is broken', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    await writePlugin(config, answering('one'))
    const { client } = await startDaemon(config)
    expect(await body(port)).toBe('one')

    await writePlugin(config, answering('two'))
    expect(await client.call('reload')).toMatchObject({ status: 'swapped' })
    expect(await body(port)).toBe('two')
    expect(await client.call('reload')).toMatchObject({ status: 'unchanged' })

    writeFileSync(join(config.dir, 'wasm/p.wasm'), 'half a plugin')
    await expect(client.call('reload')).rejects.toThrow(/p\.wasm/)
    expect(await body(port)).toBe('two')
  })

  it('puts other limits in force, and keeps the old ones where the new ones are impossible', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    await writePlugin(config, {
      ...answering('large'),
      memory: { pages: 32 },
    })
    config.write('wasm/limits.json', { p: { memory_mb: 2 } })
    const { client } = await startDaemon(config)
    expect(await body(port)).toBe('large')

    config.write('wasm/limits.json', '{ "p": { "memory_mb": 0 } }')
    await expect(client.call('reload')).rejects.toThrow(/limits\.json/)
    config.write('wasm/limits.json', { p: { memory_mb: 1 } })
    await expect(client.call('reload')).rejects.toThrow(/memory_mb/)
    expect(await body(port)).toBe('large')
    config.write('wasm/limits.json', { p: { memory_mb: 3 } })
    expect(await client.call('reload')).toMatchObject({ status: 'swapped' })
    expect(await body(port)).toBe('large')
  })

  it('puts another policy in force for the fetches of plugins', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    await writePlugin(config, {
      metadata: { exports: [{ name: 'greet', kind: 'l7-request' }] },
      handlers: {
        'l7-request': [
          { do: 'http-fetch', url: 'http://127.0.0.1:1/' },
          { answer: 'short', body: { echo: 'fetch' } },
        ],
      },
    })
    const { client } = await startDaemon(config)
    expect(await body(port)).toContain('not-allowed')
    config.write('wasm/policy.json', { p: { allowed_hosts: ['127.0.0.1'] } })
    expect(await client.call('reload')).toMatchObject({ status: 'swapped' })
    expect(await body(port)).toContain('connection-refused')
    config.write('wasm/policy.json', {})
    await client.call('reload')
    expect(await body(port)).toContain('not-allowed')
    const { fetches } = await client.call('get_pools')
    expect(fetches).toMatchObject([
      {
        in_flight: 0,
        ok: 0,
        errors: { 'not-allowed': 2, 'connection-refused': 1, timeout: 0 },
        traps: 0,
        redirects: 0,
      },
    ])
    expect(fetches[0]?.key).toMatch(/\/wasm\/p\.wasm$/)
  })
})
