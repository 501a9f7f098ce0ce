import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowRecord } from 'vane-core'
import { openStream, type StreamItem } from 'vane-mgmt'
import { describe, expect, it, vi } from 'vitest'
import { freePort, runToEnd, startDaemon, staticRules, testConfig, variablesOf } from './daemon-process.ts'

const DEADLINE = { timeout: 10_000 }

const lines = (path: string): FlowRecord[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as FlowRecord]))
    : []

const targets = (records: readonly FlowRecord[]): string[] =>
  records.flatMap((record) => (record.event === 'request' ? [record.target] : []))

async function ask(port: number, path: string): Promise<void> {
  await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
}

describe('the flow log', () => {
  it('is told over the management socket: what was, what is, and only what is asked for', async () => {
    const port = await freePort()
    const config = testConfig(staticRules(port, 'here'))
    const { client } = await startDaemon(config)
    for (const path of ['/1', '/2', '/other']) await ask(port, path)
    const stats = (): Promise<{ flow_log: { entries: number } }> => client.call('stats')
    await vi.waitFor(async () => expect((await stats()).flow_log.entries).toBeGreaterThanOrEqual(4), DEADLINE)

    const collect = async (args: object): Promise<FlowRecord[]> => {
      const records: FlowRecord[] = []
      for await (const item of openStream(config.socketPath, { verb: 'tail_flow', args }))
        if (item.kind === 'data') records.push(item.data)
      return records
    }
    const past = { last: 10_000, follow: false }
    expect(targets(await collect(past))).toEqual(['/1', '/2', '/other'])
    expect((await collect(past))[0]).toMatchObject({ event: 'upgrade', peer: '127.0.0.1' })
    expect(targets(await collect({ ...past, last: 2 }))).toEqual(['/2', '/other'])
    expect(targets(await collect({ ...past, target: '/o' }))).toEqual(['/other'])
    expect(await collect({ ...past, status: '5xx' })).toEqual([])
    expect(await collect({ ...past, status: '200', rule: 'answer', method: 'GET', outcome: 'response' })).toHaveLength(
      3,
    )
    expect(await collect({ ...past, min_duration_ms: 60_000 })).toEqual([])
    expect(await collect({ ...past, event: 'security_limit' })).toEqual([])

    const live = openStream(config.socketPath, { verb: 'tail_flow', args: { last: 1, event: 'request' } })
    const next = async (): Promise<StreamItem<FlowRecord>> => (await live.next()).value as StreamItem<FlowRecord>
    expect(await next()).toMatchObject({ seq: 0, data: { target: '/other' } })
    await ask(port, '/live')
    expect(await next()).toMatchObject({ seq: 1, data: { target: '/live', status: 200, rule: 'answer' } })

    expect(await client.call('set_flow_verbosity', { verbosity: 'debug' })).toEqual({ verbosity: 'debug' })
    await ask(port, '/steps')
    const steps = await collect({ ...past, event: 'step' })
    expect(steps.at(-2)).toMatchObject({ event: 'step', kind: 'fetch', name: 'static', rule: 'answer' })
    await client.call('shutdown', { timeout_secs: 0 })
    const rest: StreamItem<FlowRecord>[] = []
    for await (const item of live) rest.push(item)
    expect(rest.at(-1)).toEqual({ kind: 'end', reason: 'shutdown' })
  })

  it('is written to a file that SIGHUP opens again, and is whole when the daemon ends', async () => {
    const port = await freePort()
    const config = testConfig(staticRules(port, 'here'))
    const path = join(config.dir, '..', 'flow.ndjson')
    const daemon = await startDaemon(config, { VANE_FLOW_LOG_FILE: path })
    await ask(port, '/1')
    await vi.waitFor(() => expect(targets(lines(path))).toEqual(['/1']), DEADLINE)
    renameSync(path, `${path}.1`)
    daemon.kill('SIGHUP')
    await vi.waitFor(() => expect(existsSync(path)).toBe(true), DEADLINE)
    await ask(port, '/2')
    daemon.kill('SIGTERM')
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
    expect([targets(lines(`${path}.1`)), targets(lines(path))]).toEqual([['/1'], ['/2']])
    expect(lines(path).some(({ event }) => event === 'terminate')).toBe(true)
  })

  it('ends the start where its file cannot be written', async () => {
    const config = testConfig(staticRules(await freePort(), 'here'))
    const ended = await runToEnd(['--config', config.dir], {
      env: variablesOf(config, { VANE_FLOW_LOG_FILE: config.dir }),
    })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/flow log file .* it is no file/) as string })
  })
})
