import type { MgmtClient, StatsResult } from 'vane-mgmt'
import { describe, expect, it } from 'vitest'
import { renderBlocks } from '../output/blocks.ts'
import { UsageError } from '../usage-error.ts'
import type { CommandOptions } from './command.ts'
import { COMMANDS } from './commands.ts'

const STATS: StatsResult = {
  version: '0.1.0',
  pid: 42,
  uptime_ms: 61_000,
  state: 'serving',
  config: { dir: '/etc/vane', version_hash: 'abcdef0123456789' },
  features: [{ name: 'wasm', on: false, reason: 'switched off by --features' }],
  listeners: [
    { key: 'tcp::8080', state: 'listening', addresses: ['0.0.0.0:8080', '[::]:8080'], error: null },
    { key: 'tcp::80', state: 'retrying', addresses: [], error: 'permission denied' },
  ],
  connections: { active: 1, total: 2 },
  requests: { active: 3, tunnels: 2, total: 4, canceled: 0, by_status: { '2xx': 3, '4xx': 0, '5xx': 1 } },
  bytes: { in: 2048, out: 10 },
  errors: { upstream: 1, protocol: 0 },
  plugin_anomalies: 0,
  limit_hits: { max_header_bytes: 2 },
  buffered_bytes: 3_072,
  upstreams: [
    {
      upstream: '127.0.0.1:9000',
      active: 1,
      idle: 2,
      tunnels: 5,
      waiting: 3,
      requests: 6,
      failures: 0,
      retries: 4,
      addresses: [],
      unresolved: 0,
    },
  ],
  flow_log: { verbosity: 'debug', entries: 12, file: { path: '/f', written: 10, dropped: 2 } },
  reloads: {
    swapped: 1,
    unchanged: 0,
    failed: 2,
    last: {
      at: '2026-01-01T00:00:00.000Z',
      cause: 'signal',
      status: 'failed',
      duration_ms: 3,
      error: 'rules/a.json:1:2: no',
    },
  },
}

/** What a command prints for an answer, and what it asked for. */
async function ask(
  name: string,
  result: unknown,
  options: Partial<CommandOptions> = {},
): Promise<{ text: string; asked: unknown[] }> {
  const asked: unknown[] = []
  const client = {
    socketPath: '/s',
    call: (...call: unknown[]) => {
      asked.push(...call)
      return Promise.resolve(result)
    },
    close: () => {},
  } as unknown as MgmtClient
  const command = COMMANDS.find((each) => each.name === name)!
  const answer = await command.call(client, { timeout: undefined, ...options })
  expect(answer.result).toBe(result)
  return { text: renderBlocks(answer.show(), { align: true, color: false }), asked }
}

describe('commands', () => {
  it('ping', async () => {
    const { text, asked } = await ask('ping', { version: '0.1.0', pid: 7, uptime_ms: 5_000, state: 'draining' })
    expect(text).toBe('vaned 0.1.0 answers: draining for 5s, process 7\n')
    expect(asked).toEqual(['ping', undefined])
  })

  it('stats', async () => {
    expect((await ask('stats', STATS)).text).toBe(
      `version        0.1.0
state          serving
process        42
up for         1m 1s
configuration  /etc/vane (abcdef012345)
features       wasm off: switched off by --features
connections    1 open, 2 in all
requests       3 in flight, 2 open as tunnels, 4 in all, 0 given up by their client
responses      2xx 3, 5xx 1
bytes          2.0 KiB in, 10 B out
errors         upstream 1
limit hits     max_header_bytes 2
body memory    3.0 KiB
flow log       12 entries, every step among them; 10 written to /f, 2 dropped
reloads        1 swapped, 0 unchanged, 2 failed; the last, at 2026-01-01T00:00:00.000Z by signal: failed: rules/a.json:1:2: no

LISTENER   STATE      BOUND TO                 ERROR
tcp::8080  listening  0.0.0.0:8080, [::]:8080
tcp::80    retrying                            permission denied

UPSTREAM        ACTIVE  IDLE  TUNNELS  WAITING  REQUESTS  FAILURES  RETRIES  ADDRESSES
127.0.0.1:9000       1     2        5        3         6         0        4
`,
    )
  })

  it('get upstreams', async () => {
    const figures = {
      active: 1,
      idle: 0,
      tunnels: 0,
      waiting: 0,
      requests: 3,
      failures: 0,
      retries: 0,
      addresses: [],
      unresolved: 0,
    }
    const upstreams = [
      { ...figures, upstream: 'unix:/run/app' },
      { ...figures, upstream: 'a.test:80', addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] },
      { ...figures, upstream: 'b.test:80', unresolved: 2 },
    ]
    expect((await ask('get upstreams', { upstreams })).text).toBe(
      `UPSTREAM       ACTIVE  IDLE  TUNNELS  WAITING  REQUESTS  FAILURES  RETRIES  ADDRESSES
unix:/run/app       1     0        0        0         3         0        0
a.test:80           1     0        0        0         3         0        0  192.0.2.1, 192.0.2.2, 192.0.2.3, … 1 more
b.test:80           1     0        0        0         3         0        0  cannot be resolved
`,
    )
  })

  it('pool drain', async () => {
    expect((await ask('pool drain', { upstream: 'a:1', closed: 1 }, { upstream: 'a:1' })).text).toBe(
      'closed 1 kept connection to a:1\n',
    )
  })

  it('get pools', async () => {
    const pool = {
      kind: 'stateless',
      key: '/etc/vane/wasm/hello.wasm',
      export: 'greet',
      capacity: 4,
      available: 3,
      in_use: 1,
      total_allocations: 5,
      failures: 0,
    }
    expect((await ask('get pools', { wasm: [pool], fetches: [], cgi: null })).text).toBe(
      `PLUGIN      EXPORT  KIND       CAPACITY  AVAILABLE  IN USE  ALLOCATIONS  FAILURES
hello.wasm  greet   stateless         4          3       1            5         0
`,
    )
    const cgi = { capacity: 100, available: 98, in_use: 2, total: 7, refused: 1 }
    expect((await ask('get pools', { wasm: [], fetches: [], cgi })).text).toBe(
      `no pools: no rule uses a plugin, or the wasm feature is off

CGI       CAPACITY  AVAILABLE  IN USE  STARTED  REFUSED
programs       100         98       2        7        1
`,
    )
  })

  it('get pools shows what came of fetches', async () => {
    const fetches = [
      {
        key: '/etc/vane/wasm/auth.wasm',
        in_flight: 1,
        ok: 5,
        errors: { 'dns-failure': 0, timeout: 2, 'not-allowed': 1 },
        traps: 1,
        redirects: 3,
      },
      { key: '/etc/vane/wasm/geo.wasm', in_flight: 0, ok: 1, errors: { timeout: 0 }, traps: 0, redirects: 0 },
    ]
    expect((await ask('get pools', { wasm: [], fetches, cgi: null })).text).toBe(
      `no pools: no rule uses a plugin, or the wasm feature is off

PLUGIN     FETCHING  ANSWERED  REDIRECTS  FAILED  WHY
auth.wasm         1         5          3       4  timeout 2, not-allowed 1, outside the contract 1
geo.wasm          0         1          0       0
`,
    )
  })

  it('get config', async () => {
    const config = {
      dir: '/etc/vane',
      version_hash: 'abc',
      source_files: ['rules/a.json'],
      listeners: [{ key: 'tcp::80', kind: 'http', rules: ['b', 'a'] }],
    }
    expect((await ask('get config', config)).text).toBe(
      `directory  /etc/vane
version    abc
files      rules/a.json

LISTENER  KIND  RULES, IN MATCHING ORDER
tcp::80   http  b, a
`,
    )
  })

  it('reload', async () => {
    const result = {
      status: 'swapped',
      version_hash: '0123456789abcdef',
      duration_ms: 12,
      warnings: ['warning[x]: careful'],
    }
    expect((await ask('reload', result)).text).toBe(
      'warning[x]: careful\n\nreloaded in 12 ms: now serving 0123456789ab\n',
    )
    expect((await ask('reload', { ...result, status: 'unchanged', warnings: [] })).text).toMatch(/^nothing changed/)
  })

  it('shutdown', async () => {
    const { text, asked } = await ask('shutdown', { timeout_secs: 9 }, { timeout: '9' })
    expect(text).toBe('the daemon drains and ends, after 9 s at the latest\n')
    expect(asked).toEqual(['shutdown', { timeout_secs: 9 }])
    expect((await ask('shutdown', { timeout_secs: 0 })).asked).toEqual(['shutdown', {}])
  })

  it.each(['x', '-1', '1.5', '86401', '', '1e3'])(
    'shutdown refuses a timeout of %j before it asks',
    async (timeout) => {
      await expect(ask('shutdown', {}, { timeout })).rejects.toThrow(UsageError)
    },
  )
})
