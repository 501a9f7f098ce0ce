import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort, proxyRules, startDaemon, staticRules, testConfig } from './daemon-process.ts'

const BROKEN = '{\n  "rules": [\n    { "name": }\n  ]\n}\n'

async function body(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/`)).text()
}

describe('reload', () => {
  it('by SIGHUP: a good configuration, the same again, a broken one', async () => {
    const port = await freePort()
    const config = testConfig(staticRules(port, 'old'))
    const daemon = await startDaemon(config)
    expect((await daemon.client.call('stats')).reloads.last).toBeNull()

    config.write('rules/test.json', staticRules(port, 'new'))
    daemon.kill('SIGHUP')
    await daemon.logged(/^configuration reloaded$/)
    expect(await body(port)).toBe('new')

    daemon.kill('SIGHUP')
    await daemon.logged(/nothing changed$/)

    config.write('rules/test.json', BROKEN)
    daemon.kill('SIGHUP')
    const line = await daemon.logged(/^reload failed, the old configuration goes on serving/)
    expect(line.msg).toContain('rules/test.json:3:15')
    expect(line['diagnostics']).toMatchObject([{ severity: 'error', span: { file: 'rules/test.json', line: 3 } }])
    expect(await body(port)).toBe('new')
    expect((await daemon.client.call('stats')).reloads).toMatchObject({
      swapped: 1,
      unchanged: 1,
      failed: 1,
      last: { cause: 'signal', status: 'failed', error: expect.stringContaining('rules/test.json:3:15') as string },
    })
  })

  it('by verb: answers what came of it', async () => {
    const port = await freePort()
    const config = testConfig(staticRules(port, 'old'))
    const { client } = await startDaemon(config)
    const before = await client.call('get_config')
    expect(before).toMatchObject({ dir: config.dir, listeners: [{ kind: 'http', rules: ['answer'] }] })
    expect(await client.call('reload')).toMatchObject({
      status: 'unchanged',
      version_hash: before.version_hash,
      warnings: [],
    })

    config.write('rules/test.json', staticRules(port, 'new'))
    const swapped = await client.call('reload')
    expect(swapped.status).toBe('swapped')
    expect(swapped.version_hash).not.toBe(before.version_hash)
    expect((await client.call('get_config')).version_hash).toBe(swapped.version_hash)

    config.write('rules/test.json', BROKEN)
    await expect(client.call('reload')).rejects.toMatchObject({
      code: 'reload_failed',
      data: {
        report: expect.stringContaining('rules/test.json:3:15') as string,
        diagnostics: [expect.objectContaining({ severity: 'error' })],
      },
    })
    expect(await body(port)).toBe('new')
    expect((await client.call('get_config')).version_hash).toBe(swapped.version_hash)
  })

  it('lets a request in flight finish on the graph it began on, and moves listeners', async () => {
    const [port, other] = await Promise.all([freePort(), freePort()])
    let finish = (): void => {}
    const upstream = createServer((_, response) => {
      response.write('old ')
      finish = () => void response.end('to the end')
    })
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    onTestFinished(() => {
      upstream.closeAllConnections()
      upstream.close()
    })
    const config = testConfig(proxyRules(port, (upstream.address() as AddressInfo).port))
    const { client } = await startDaemon(config)
    const inFlight = (await fetch(`http://127.0.0.1:${port}/`)).text()
    config.write('rules/test.json', staticRules(other, 'new'))
    expect(await client.call('reload')).toMatchObject({ status: 'swapped' })
    expect(await body(other)).toBe('new')
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
    finish()
    expect(await inFlight).toBe('old to the end')
  })
})
