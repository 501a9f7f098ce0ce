import type { L7RequestInput } from 'vane-core'
import { toolchainPlugin, TOOLCHAINS, type Toolchain } from 'vane-fixtures'
import { describe, expect, test, vi } from 'vitest'

import { bodyOf, openRuntime, recordingLogger, REQUEST, writeComponent } from './_setup.ts'

// A first build of Go's standard library takes its time.
vi.setConfig({ testTimeout: 120_000 })

const LIMITS: Record<Toolchain, { memoryMb: number; cpuMsPerCall: number }> = {
  rust: { memoryMb: 1, cpuMsPerCall: 100 },
  'rust-wasip1': { memoryMb: 1, cpuMsPerCall: 100 },
  'rust-wasip2': { memoryMb: 1, cpuMsPerCall: 100 },
  go: { memoryMb: 8, cpuMsPerCall: 200 },
}

function request(uri: string): L7RequestInput {
  return {
    ...REQUEST,
    uri,
    headers: [
      { name: 'a', value: 'bcd' },
      { name: 'empty', value: '' },
    ],
    body: { data: Buffer.alloc(50_000, 1), truncated: false },
    context: [{ path: 'conn.peer_ip', value: { tag: 'text', val: '192.0.2.1' } }],
  }
}

describe.each(Object.keys(TOOLCHAINS) as Toolchain[])('%s', async (toolchain) => {
  const component = await toolchainPlugin(toolchain)
  const hasWasi = toolchain !== 'rust'

  async function openSite() {
    const { logger, lines } = recordingLogger()
    const runtime = openRuntime({ logger, limits: { plugin: LIMITS[toolchain] } })
    const module = await writeComponent(component!)
    const metadata = await runtime.loadComponent(module)
    const site = await runtime.prepareCallSite(module, 'x', '{"k":1}')
    return { runtime, metadata, site, lines }
  }

  test('is built', ({ skip }) => {
    skip(component === undefined, `needs ${TOOLCHAINS[toolchain]}`)
  })

  describe.skipIf(component === undefined)('its plugin', () => {
    test('loads', async () => {
      const { metadata } = await openSite()
      expect(metadata).toMatchObject({ name: toolchain.split('-')[0], version: '1.0.0', abiVersion: '0.1.0' })
      expect(metadata.exports[0]).toMatchObject({ name: 'x', kind: 'l7-request', inspects: ['conn.peer_ip'] })
    })

    test('answers, and finds nothing that an earlier call left', async () => {
      const { site, runtime } = await openSite()
      for (let n = 0; n < 20; n++) {
        expect(site.l7Request(request('/'))).toEqual({ tag: 'continue' })
        const blocked = site.l7Request({ ...request('/blocked'), method: 'DELETE' })
        expect(blocked).toMatchObject({
          tag: 'short',
          val: { status: 403, headers: [{ name: 'x-method', value: 'DELETE' }] },
        })
        expect(await bodyOf(blocked)).toBe('blocked')
        expect(await bodyOf(site.l7Request(request('/count')))).toBe('1')
        expect(() => site.l7Request(request('/error'))).toThrow(
          expect.objectContaining({ code: 'no', pluginMessage: 'not today', onErrorHint: 'internal' }),
        )
      }
      expect(runtime.snapshot()[0]?.failures).toBe(0)
    })

    test('sees the host and nothing of the system', async () => {
      const { site, lines } = await openSite()
      expect(await bodyOf(site.l7Request(request('/facts')))).toBe('{"k":1} 192.0.2.1 3 50000 8 0 false true')
      expect(lines).toMatchObject([{ level: 'info', message: 'asked', fields: { fields: { method: 'GET' } } }])
    })

    test('prints to its log, and a panic is a trap that says why', async () => {
      const { site, lines } = await openSite()
      expect(site.l7Request(request('/print'))).toEqual({ tag: 'continue' })
      expect(lines.map(({ message }) => message.replaceAll('\\x{0a}', ''))).toEqual(hasWasi ? ['printed'] : [])
      expect(() => site.l7Request(request('/panic'))).toThrow(/^plugin trap/)
      expect(lines.map(({ message }) => message).join('\n')).toContain(hasWasi ? 'panic' : '')
      expect(await bodyOf(site.l7Request(request('/count')))).toBe('1')
    })
  })
})
