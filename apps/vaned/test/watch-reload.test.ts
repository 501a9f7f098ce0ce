import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { freePort, startDaemon, testConfig, type TestConfig } from './daemon-process.ts'

const WATCHING = { VANE_WATCH: '1' }

const answering = (
  body: string,
  changes: Partial<WatPluginSpec['metadata']['exports'][number]> = {},
): WatPluginSpec => ({
  metadata: { exports: [{ name: 'greet', kind: 'l7-request', ...changes }] },
  handlers: { 'l7-request': { answer: 'short', body } },
})

const rules = (port: number): object => ({
  rules: [
    {
      name: 'plugin',
      listen: [`127.0.0.1:${port}`],
      middleware_chain: [{ use: 'p:greet' }],
      terminate: { type: 'static', status: 200 },
    },
  ],
})

/** Puts bytes in the plugin's place at once. */
function replacePlugin(config: TestConfig, bytes: Uint8Array): void {
  const folder = join(config.dir, 'wasm')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '.next'), bytes)
  renameSync(join(folder, '.next'), join(folder, 'p.wasm'))
}

/** Asks in eight loops at once until every answer is `body`; answers everything that came. */
async function loadUntil(port: number, body: string): Promise<Set<string>> {
  const seen = new Set<string>()
  const deadlineMs = Date.now() + 60_000
  const loop = async (): Promise<void> => {
    for (let right = 0; right < 5;) {
      if (Date.now() > deadlineMs) throw new Error(`never answered ${body}, but ${[...seen].join(', ')}`)
      const response = await fetch(`http://127.0.0.1:${port}/`)
      const text = `${response.status} ${await response.text()}`
      seen.add(text)
      right = text === `200 ${body}` ? right + 1 : 0
    }
  }
  await Promise.all(Array.from({ length: 8 }, loop))
  return seen
}

describe('while the daemon watches its files', () => {
  it('swaps a plugin under load without a failed request, whether its metadata are the same or not', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    replacePlugin(config, await watPlugin(answering('one')))
    const { client } = await startDaemon(config, WATCHING)
    expect(await loadUntil(port, 'one')).toEqual(new Set(['200 one']))
    const bodies = ['two', 'three', 'four']
    const changes = [{}, { stateless: false }, { needsBody: true, stateless: true }]
    let before = 'one'
    for (const [i, body] of bodies.entries()) {
      const bytes = await watPlugin(answering(body, changes[i]))
      const load = loadUntil(port, body)
      replacePlugin(config, bytes)
      const seen = await load
      seen.delete(`200 ${before}`)
      expect(seen).toEqual(new Set([`200 ${body}`]))
      before = body
    }
    expect((await client.call('stats')).reloads).toMatchObject({ swapped: 3, failed: 0, last: { cause: 'watch' } })
  })

  it('changes nothing for a plugin that is half written, says so, and takes it when it is whole', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    replacePlugin(config, await watPlugin(answering('one')))
    const { client, logged } = await startDaemon(config, WATCHING)
    const next = await watPlugin(answering('two'))
    const path = join(config.dir, 'wasm/p.wasm')
    writeFileSync(path, next.subarray(0, next.length / 2))
    expect((await logged(/^reload failed, the old configuration goes on serving/)).msg).toContain('p.wasm')
    expect(await loadUntil(port, 'one')).toEqual(new Set(['200 one']))
    expect((await client.call('stats')).reloads.last).toMatchObject({
      cause: 'watch',
      status: 'failed',
      error: expect.stringContaining('p.wasm') as string,
    })
    writeFileSync(path, next)
    await loadUntil(port, 'two')
  })

  it('takes over changed rules', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    replacePlugin(config, await watPlugin(answering('one')))
    const { client } = await startDaemon(config, WATCHING)
    const { version_hash: before } = await client.call('get_config')
    const next = await freePort()
    config.write('rules/test.json', rules(next))
    await vi.waitFor(async () => expect((await client.call('get_config')).version_hash).not.toBe(before), {
      timeout: 15_000,
    })
    await loadUntil(next, 'one')
  })
})
