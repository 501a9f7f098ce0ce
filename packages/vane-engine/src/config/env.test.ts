import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatDiagnostics } from 'vane-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSettings, type LoadedSettings } from './env.ts'
import { configKey, SECURITY_VARIABLES, VARIABLES, type Variable } from './variables.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vane-env-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const env = (text: string): void => writeFileSync(join(dir, '.env'), text)
const load = (processEnv: Record<string, string> = {}): Promise<LoadedSettings> => loadSettings(dir, processEnv)

test('nothing set means the documented defaults', async () => {
  expect(await load()).toEqual({
    diagnostics: [],
    sources: new Map(),
    settings: {
      logLevel: 'info',
      stateDir: undefined,
      wasmDir: undefined,
      mgmtUnix: undefined,
      mgmtHttpPort: 3333,
      mgmtHttpPublic: false,
      mgmtHttpToken: undefined,
      drainTimeoutSecs: 30,
      bindIpv4: true,
      bindIpv6: true,
      bindMaxAttempts: 10,
      bindBackoffInitialMs: 100,
      bindBackoffMaxMs: 5_000,
      bootHealthTimeoutSecs: 60,
      watch: true,
      flowLogFile: undefined,
      via: undefined,
      cgiMaxConcurrent: 100,
      threads: undefined,
      features: undefined,
      wasmMaxMemoryMb: 128,
      wasmMaxInstances: 32,
      security: {
        maxHeaderBytes: 65_536,
        maxHeadersCount: 100,
        headerTimeoutMs: 30_000,
        bodyIdleTimeoutMs: 30_000,
        maxConnPerIp: 100,
        maxHandshakeRatePerIp: 10,
        maxStreamsPerConn: 100,
        maxRequestRatePerConn: 1_000,
        maxTotalConns: 65_536,
        maxPendingHandshakes: 1_000,
        maxBufferedBytes: 268_435_456,
        maxBufferedBytesPerIp: 67_108_864,
        exemptLoopback: true,
      },
    },
  })
})

test('reads .env, over which the process wins; other variables are nobody’s business', async () => {
  env('# comment\nexport VANE_LOG_LEVEL="debug"\nVANE_STATE_DIR=/var/lib/vane\nVANE_MGMT_HTTP_PORT=\nHOME=/x\n')
  const { settings, diagnostics } = await load({ VANE_STATE_DIR: '/tmp/state', PATH: '/bin' })
  expect(diagnostics).toEqual([])
  expect(settings).toMatchObject({ logLevel: 'debug', stateDir: '/tmp/state', mgmtHttpPort: undefined })
})

test.each([
  ['VANE_SEC_HEADER_TIMEOUT', '5s', { headerTimeoutMs: 5_000 }],
  ['VANE_SEC_HEADER_TIMEOUT', '45', { headerTimeoutMs: 45_000 }],
  ['VANE_SEC_BODY_IDLE_TIMEOUT', '2m', { bodyIdleTimeoutMs: 120_000 }],
  ['VANE_SEC_MAX_HANDSHAKE_RATE_PER_IP', '1/s', { maxHandshakeRatePerIp: 1 }],
  ['VANE_SEC_MAX_REQUEST_RATE_PER_CONN', '100', { maxRequestRatePerConn: 100 }],
  ['VANE_SEC_MAX_TOTAL_CONNS', '1024', { maxTotalConns: 1_024 }],
  // More than counts may be.
  ['VANE_SEC_MAX_BUFFERED_BYTES', '4294967296', { maxBufferedBytes: 4_294_967_296 }],
  ['VANE_SEC_MAX_BUFFERED_BYTES_PER_IP', '8388608', { maxBufferedBytesPerIp: 8_388_608 }],
  ['VANE_SEC_EXEMPT_LOOPBACK', '0', { exemptLoopback: false }],
])('%s=%s', async (name, value, security) => {
  const { settings, diagnostics } = await load({ [name]: value })
  expect(diagnostics).toEqual([])
  expect(settings?.security).toMatchObject(security)
})

test.each([
  ['VANE_SEC_MAX_HEADER_BYTES', '4095', '4096'],
  ['VANE_SEC_MAX_HEADERS_COUNT', '19', '20'],
  ['VANE_SEC_HEADER_TIMEOUT', '4999ms', '5s'],
  ['VANE_SEC_BODY_IDLE_TIMEOUT', '4', '5s'],
  ['VANE_SEC_MAX_CONN_PER_IP', '9', '10'],
  ['VANE_SEC_MAX_HANDSHAKE_RATE_PER_IP', '0/s', '1/s'],
  ['VANE_SEC_MAX_STREAMS_PER_CONN', '9', '10'],
  ['VANE_SEC_MAX_REQUEST_RATE_PER_CONN', '99/s', '100/s'],
  ['VANE_SEC_MAX_TOTAL_CONNS', '1023', '1024'],
  ['VANE_SEC_MAX_PENDING_HANDSHAKES', '99', '100'],
  ['VANE_SEC_MAX_BUFFERED_BYTES', '16777215', '16777216'],
  ['VANE_SEC_MAX_BUFFERED_BYTES_PER_IP', '0', '8388608'],
])('%s=%s is below its floor', async (name, value, floor) => {
  const { settings, diagnostics } = await load({ [name]: value })
  expect(settings).toBeUndefined()
  expect(diagnostics).toEqual([
    {
      severity: 'error',
      code: 'below-floor',
      message: `${name} cannot be set below its floor ${floor}, it is "${value}"`,
    },
  ])
})

test.each([
  ['VANE_LOG_LEVEL', 'verbose'],
  ['VANE_LOG_LEVEL', 'INFO'],
  ['VANE_MGMT_HTTP_PORT', '0'],
  ['VANE_MGMT_HTTP_PORT', '65536'],
  ['VANE_MGMT_HTTP_PORT', '80 '],
  ['VANE_MGMT_HTTP_PUBLIC', 'maybe'],
  ['VANE_MGMT_HTTP_TOKEN', ''],
  ['VANE_DRAIN_TIMEOUT_SECS', '-1'],
  ['VANE_DRAIN_TIMEOUT_SECS', '1e3'],
  ['VANE_DRAIN_TIMEOUT_SECS', ''],
  ['VANE_BIND_MAX_ATTEMPTS', '0'],
  ['VANE_STATE_DIR', ''],
  ['VANE_SEC_HEADER_TIMEOUT', 'soon'],
  ['VANE_SEC_MAX_CONN_PER_IP', '1.5'],
  ['VANE_SEC_MAX_BUFFERED_BYTES', '64M'],
  ['VANE_SEC_MAX_BUFFERED_BYTES', '1099511627777'],
  ['VANE_SEC_MAX_HANDSHAKE_RATE_PER_IP', '10/m'],
])('%s=%j is refused', async (name, value) => {
  const { settings, diagnostics } = await load({ [name]: value })
  expect(settings).toBeUndefined()
  expect(diagnostics).toMatchObject([
    { severity: 'error', code: 'invalid-variable', message: expect.stringContaining(name) },
  ])
})

test('a problem in .env names its line; one of the process names none', async () => {
  env('VANE_THREADS=1\n\n  VANE_THREADS=none\nVANE_SEC_MAX_CONN_PER_IP=1\n')
  const { diagnostics } = await load({ VANE_SEC_MAX_CONN_PER_IP: '2' })
  expect(diagnostics).toMatchObject([
    { code: 'invalid-variable', span: { file: '.env', line: 3, column: 3, length: 17 } },
    { code: 'below-floor', message: expect.stringContaining('"2"') },
  ])
  expect(diagnostics[1]?.span).toBeUndefined()
})

test('an unknown VANE_ variable is a warning with a suggestion', async () => {
  env('VANE_LOG_LEVL=debug')
  const { settings, diagnostics } = await load({ VANE_XYZZY: '1' })
  expect(settings).toBeDefined()
  expect(diagnostics).toMatchObject([
    { severity: 'warning', code: 'unknown-variable', suggestion: 'did you mean VANE_LOG_LEVEL?', span: { line: 1 } },
    { severity: 'warning', code: 'unknown-variable', message: 'there is no variable VANE_XYZZY' },
  ])
})

test.each(['VANE_WATCH', 'VANE_WATCH 0', '  export VANE_WATCH: 0 # off', 'VANE_WATCH\r'])(
  'a line %j of .env is an error, unless something else sets the variable',
  async (line) => {
    env(`# VANE_WATCH 1\nOTHER\n${line}\n`)
    const { diagnostics } = await load({})
    expect(diagnostics).toMatchObject([
      {
        severity: 'error',
        code: 'invalid-variable',
        message: 'VANE_WATCH is given no value: its line in .env has no "="',
        span: { file: '.env', line: 3, column: line.indexOf('VANE') + 1, length: 10 },
      },
    ])
    expect((await load({ VANE_WATCH: '0' })).diagnostics).toEqual([])
  },
)

test('a .env that cannot be read is an error', async () => {
  mkdirSync(join(dir, '.env'))
  expect(await load()).toMatchObject({ settings: undefined, diagnostics: [{ code: 'unreadable-file' }] })
  rmSync(join(dir, '.env'), { recursive: true })
  writeFileSync(join(dir, '.env'), new Uint8Array([0xff]))
  expect(await load()).toMatchObject({ settings: undefined, diagnostics: [{ code: 'invalid-utf8' }] })
})

test('a directory that does not exist has no .env', async () => {
  expect((await loadSettings(join(dir, 'nowhere'), {})).diagnostics).toEqual([])
})

const config = (value: unknown): void =>
  writeFileSync(join(dir, 'config.json'), typeof value === 'string' ? value : JSON.stringify(value))

test('reads config.json, over which .env and the process win', async () => {
  config({
    $schema: 'x',
    log_level: 'warn',
    state_dir: '/var/a',
    mgmt_http_port: null,
    bind_ipv6: false,
    drain_timeout_secs: 5,
    security: {
      header_timeout: '10s',
      body_idle_timeout: 20,
      max_handshake_rate_per_ip: '5/s',
      exempt_loopback: false,
    },
  })
  env('VANE_STATE_DIR=/var/b\nVANE_DRAIN_TIMEOUT_SECS=6\n')
  const { settings, diagnostics, sources } = await load({ VANE_DRAIN_TIMEOUT_SECS: '7' })
  expect(diagnostics).toEqual([])
  expect(settings).toMatchObject({
    logLevel: 'warn',
    stateDir: '/var/b',
    mgmtHttpPort: undefined,
    bindIpv6: false,
    drainTimeoutSecs: 7,
    security: { headerTimeoutMs: 10_000, bodyIdleTimeoutMs: 20_000, maxHandshakeRatePerIp: 5, exemptLoopback: false },
  })
  expect([...sources.keys()]).toEqual(['config.json'])
})

test.each([
  ['{ "log_levl": "info" }', 'unknown-key', '1:3', 'did you mean "log_level"?'],
  ['{ "log_level": "loud" }', 'invalid-variable', '1:16', undefined],
  ['{ "drain_timeout_secs": "5" }', 'wrong-type', '1:25', undefined],
  ['{ "drain_timeout_secs": 1.5 }', 'invalid-variable', '1:25', undefined],
  ['{ "bind_ipv4": 1 }', 'wrong-type', '1:16', undefined],
  ['{ "state_dir": "" }', 'invalid-variable', '1:16', undefined],
  ['{ "threads": null }', 'wrong-type', '1:14', undefined],
  ['{ "sec_max_conn_per_ip": 10 }', 'unknown-key', '1:3', undefined],
  ['{ "security": { "max_conn_per_ip": 9 } }', 'below-floor', '1:36', undefined],
  ['{ "security": { "header_timeout": "soon" } }', 'invalid-variable', '1:35', undefined],
  ['{ "mgmt_http_token": "x" }', 'unknown-key', '1:22', 'set VANE_MGMT_HTTP_TOKEN in the environment or in .env'],
  ['[]', 'wrong-type', '1:1', undefined],
  ['{', 'syntax-error', '1:2', undefined],
  ['{ "threads": 1, "threads": 2 }', 'duplicate-key', '1:17', undefined],
])('config.json %s is %s', async (text, code, place, suggestion) => {
  config(text)
  const { settings, diagnostics } = await load()
  expect(settings).toBeUndefined()
  expect(diagnostics).toHaveLength(1)
  const [found] = diagnostics
  expect(found).toMatchObject({ severity: 'error', code, span: { file: 'config.json' } })
  expect(`${found?.span?.line}:${found?.span?.column}`).toBe(place)
  if (suggestion !== undefined) expect(found?.suggestion).toBe(suggestion)
})

test('every setting has a key, and means the same in every place', async () => {
  const samples: Readonly<Record<string, [json: unknown, text: string]>> = {
    log_level: ['debug', 'debug'],
    mgmt_http_port: [8080, '8080'],
    features: ['-wasm', '-wasm'],
    threads: [4, '4'],
    max_header_bytes: [5_000, '5000'],
    max_buffered_bytes: [20_000_000, '20000000'],
    max_buffered_bytes_per_ip: [20_000_000, '20000000'],
  }
  for (const [variables, wrap] of [
    [VARIABLES, (value: object) => value],
    [SECURITY_VARIABLES, (security: object) => ({ security })],
  ] as const) {
    for (const variable of Object.values<Variable<unknown>>(variables)) {
      if (variable.isSecret === true) continue
      const key = configKey(variable)
      const generic: [unknown, string] = variable.parser.json.includes('boolean')
        ? [true, '1']
        : variable.parser.json.includes('number')
          ? [2_000, '2000']
          : ['x', 'x']
      const [json, text] = samples[key] ?? generic
      config(wrap({ [key]: json }))
      const fromConfig = await load()
      expect(fromConfig.diagnostics).toEqual([])
      rmSync(join(dir, 'config.json'))
      expect((await load({ [variable.name]: text })).settings).toEqual(fromConfig.settings)
    }
  }
})

test('what is printed of a mistake never shows a secret', async () => {
  const secret = 'hunter2'
  for (const [file, text] of [
    ['.env', `VANE_MGMT_HTTP_TOKE=${secret}\nVANE_WATCH=maybe # ${secret}\n`],
    ['config.json', `{ "mgmt_http_token": "${secret}" }`],
    ['config.json', `{ "mgmt_http_tokn": "${secret}" }`],
  ] as const) {
    rmSync(join(dir, '.env'), { force: true })
    rmSync(join(dir, 'config.json'), { force: true })
    writeFileSync(join(dir, file), text)
    const { diagnostics, sources } = await load()
    const printed = formatDiagnostics(diagnostics, { sources })
    expect(printed).toMatch(new RegExp(`--> ${file.replace('.', '\\.')}:1:`))
    expect(printed).not.toContain(secret)
  }
})
