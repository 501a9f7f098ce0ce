import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { XMLValidator } from 'fast-xml-parser'
import type { SymbolicFlowGraph } from 'vane-core'
import { watPlugin } from 'vane-fixtures'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { run } from '../src/run.ts'
import type { RunResult } from '../src/run-result.ts'

const RULES = [
  {
    name: 'api',
    listen: ['127.0.0.1:80'],
    match: [{ 'http.host': { equals: 'a.test' } }, { 'http.uri.path': { path_prefix: '/api' } }],
    terminate: { type: 'http_proxy', upstream: '127.0.0.1:9000' },
  },
  {
    name: 'office',
    listen: ['127.0.0.1:80'],
    match: [{ 'http.host': { equals: 'a.test' } }, { 'remote.ip': { cidr: '10.0.0.0/8' } }],
    terminate: { type: 'static', status: 200 },
  },
  { name: 'rest', listen: ['127.0.0.1:80'], terminate: { type: 'static', status: 404 } },
  { preset: 'redirect_https', name: 'redirect', listen: ['127.0.0.1:81'], args: {} },
]

const CACHE = mkdtempSync(join(tmpdir(), 'vane-cache-'))
afterAll(() => rmSync(CACHE, { recursive: true, force: true }))

function configDir(rules: readonly unknown[] = RULES, plugins: readonly string[] = []): string {
  const dir = mkdtempSync(join(tmpdir(), 'vane-offline-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  mkdirSync(join(dir, 'rules'))
  mkdirSync(join(dir, 'wasm'))
  writeFileSync(join(dir, 'rules', 'app.json'), JSON.stringify({ rules }, undefined, 1))
  for (const name of plugins) writeFileSync(join(dir, 'wasm', name), '')
  return dir
}

function vane(...argv: string[]): Promise<RunResult> {
  return run(argv, {
    variables: { XDG_CACHE_HOME: CACHE },
    terminal: false,
    color: false,
    write: () => Promise.resolve(true),
  })
}

function explain(...argv: string[]): Promise<RunResult> {
  return vane('explain', configDir(), '--request', ...argv)
}

const BROKEN = [{ name: 'a', listen: [':80'], terminate: { type: 'statik', status: 200 } }]

describe('vane compile', () => {
  it('lists listeners and their rules in matching order, presets expanded', async () => {
    const { stdout, stderr, exitCode } = await vane('compile', configDir())
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(stdout.split('\n').filter((line) => /^\d/.test(line))).toEqual([
      '1\tapi\thost = a.test and path under /api\t→ 127.0.0.1:9000\trules/app.json:4',
      '2\toffice\thost = a.test and remote ip in 10.0.0.0/8\tstatic 200\trules/app.json:26',
      '3\trest\talways\tstatic 404\trules/app.json:48',
      '1\tredirect\talways\tredirect_https\trules/app.json:59',
      expect.stringMatching(/^2 listeners, 4 rules, \d+ nodes, version [0-9a-f]{12}$/),
    ])
  })

  it('says which listeners speak TLS', async () => {
    const terminate = { type: 'static', status: 200 }
    const dir = configDir([
      { name: 'secret', listen: ['127.0.0.1:443'], tls: { cert_file: 'c.pem', key_file: 'k.pem' }, terminate },
      { name: 'open', listen: ['127.0.0.1:80'], terminate },
    ])
    const { stdout } = await vane('compile', dir)
    expect(stdout.split('\n').filter((line) => line.startsWith('tcp:'))).toEqual([
      'tcp:127.0.0.1:443 (http over TLS), 1 rule in matching order',
      'tcp:127.0.0.1:80 (http), 1 rule in matching order',
    ])
    expect(JSON.parse((await vane('compile', dir, '--json')).stdout)).toMatchObject({
      listeners: [{ tls: true }, { tls: false }],
    })
  })

  it('shows what is wrong with its place and ends with 1', async () => {
    const { stdout, stderr, exitCode } = await vane('compile', configDir(BROKEN))
    expect([stdout, exitCode]).toEqual(['', 1])
    expect(stderr).toContain('error[unknown-terminator]')
    expect(stderr).toContain('did you mean "static"?')
    expect(stderr).toContain('^^^^^^^^')
    expect(stderr).toMatch(/1 error\n$/)
  })

  it('answers with data under --json, whether it compiles or not', async () => {
    const good = JSON.parse((await vane('compile', configDir(), '--json')).stdout) as Record<string, unknown>
    expect(good).toMatchObject({
      version_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      listeners: [
        { key: 'tcp:127.0.0.1:80', kind: 'http', rules: ['api', 'office', 'rest'] },
        { key: 'tcp:127.0.0.1:81', rules: ['redirect'] },
      ],
      diagnostics: [],
    })
    const bad = await vane('compile', configDir(BROKEN), '--json')
    expect([bad.stderr, bad.exitCode]).toEqual(['', 1])
    expect(JSON.parse(bad.stdout)).toMatchObject({
      version_hash: null,
      diagnostics: [{ code: 'unknown-terminator', span: { file: 'rules/app.json' } }],
    })
  })

  it('prints the graph with --graph', async () => {
    const { stdout } = await vane('compile', configDir(), '--graph')
    const graph = JSON.parse(stdout) as { nodes: unknown[]; entries: object }
    expect(Object.keys(graph.entries)).toEqual(['tcp:127.0.0.1:80', 'tcp:127.0.0.1:81'])
    expect(graph.nodes.length).toBeGreaterThan(4)
  })

  it('says how often an upstream is asked', async () => {
    const rule = (buffering: string): object => ({
      name: buffering,
      listen: [':80'],
      match: { 'http.host': { equals: buffering } },
      terminate: { type: 'http_proxy', upstream: 'b:1', retry: { max_attempts: 3, buffering } },
    })
    const dir = configDir([rule('opportunistic'), rule('force')])
    const { stdout } = await vane('compile', dir)
    expect(stdout).toContain('\t→ b:1 (up to 3 attempts)\t')
    expect(stdout).toContain('\t→ b:1 (up to 3 attempts, body buffered first)\t')
    expect((await vane('explain', dir, '-r', 'GET http://force/')).stdout).toContain(
      'fetch: → b:1 (up to 3 attempts, body buffered first)\n',
    )
    const { nodes } = JSON.parse((await vane('compile', dir, '--graph')).stdout) as {
      nodes: { kind: string; collectBodyBefore?: string }[]
    }
    const fetches = nodes.filter(({ kind }) => kind === 'fetch')
    expect(fetches.map(({ collectBodyBefore }) => collectBodyBefore).toSorted()).toEqual(['request', undefined])
  })

  it('warns of what this version does not run', async () => {
    const rule = { name: 'a', listen: [':80'], terminate: { type: 'http3_proxy', upstream: 'b:1', tls: {} } }
    const { stderr, exitCode } = await vane('compile', configDir([rule]))
    expect(exitCode).toBe(0)
    expect(stderr).toContain('warning[not-available]: rule "a" needs HTTP/3 to an upstream')
  })

  it('tells what is wrong with the settings, too', async () => {
    const dir = configDir()
    writeFileSync(join(dir, 'config.json'), '{ "log_levle": "info" }')
    writeFileSync(join(dir, '.env'), 'VANE_SEC_MAX_HEADERS_COUNT=1\nVANE_DRAIN_TIMEOUT=3\nVANE_MGMT_HTTP_TOKN=hush\n')
    const { stdout, stderr, exitCode } = await vane('compile', dir)
    expect([stdout, exitCode]).toEqual(['', 1])
    expect(stderr).toContain('error[unknown-key]: unknown key in config.json: "log_levle"')
    expect(stderr).toContain('did you mean "log_level"?')
    expect(stderr).toContain('error[below-floor]')
    expect(stderr).toContain('did you mean VANE_DRAIN_TIMEOUT_SECS?')
    expect(stderr).toMatch(/there is no variable VANE_MGMT_HTTP_TOKN\n --> \.env:3:1/)
    expect(stderr).not.toContain('hush')
  })

  const withPlugin = [{ ...RULES[2], middleware_chain: [{ use: 'gate:check' }] }]

  async function pluginDir(use: string): Promise<string> {
    const gate = await watPlugin({
      metadata: { exports: [{ name: 'check', kind: 'l7-request', stateless: false, needsBody: true }] },
      handlers: { 'l7-request': { answer: 'continue' } },
    })
    const dir = configDir([{ ...RULES[2], middleware_chain: [{ use }], terminate: { type: 'static', status: 404 } }])
    writeFileSync(join(dir, 'wasm', 'gate.wasm'), gate)
    return dir
  }

  it('asks a plugin what it is', async () => {
    const { stdout, stderr, exitCode } = await vane('compile', await pluginDir('gate:check'), '--graph')
    expect([stderr, exitCode]).toEqual(['', 0])
    const { middlewares, nodes } = JSON.parse(stdout) as SymbolicFlowGraph
    expect(middlewares).toMatchObject([{ meta: { kind: 'l7-request', stateless: false, needsBody: true } }])
    expect(nodes.find(({ kind }) => kind === 'middleware')).toMatchObject({ collectBodyBefore: 'request' })
  })

  it('says which export was probably meant', async () => {
    const { stderr, exitCode } = await vane('compile', await pluginDir('gate:chekc'))
    expect(exitCode).toBe(1)
    expect(stderr).toContain('error[unknown-export]: rule "rest" uses plugin "gate:chekc": it has no export "chekc"')
    expect(stderr).toContain('did you mean "check"?')
  })

  it('refuses what is no plugin', async () => {
    const { stderr, exitCode } = await vane('compile', configDir(withPlugin, ['gate.wasm']))
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('error[plugin-refused]')])
  })

  it('refuses a plugin that is not there', async () => {
    const { stderr, exitCode } = await vane('compile', configDir(withPlugin, ['gates.wasm']))
    expect(exitCode).toBe(1)
    expect(stderr).toContain('there is no gate.wasm')
    expect(stderr).toContain('did you mean "gates"?')
  })

  it('says so where there is no such directory', async () => {
    const { stderr, exitCode } = await vane('compile', join(configDir(), 'nothing'))
    expect(exitCode).toBe(1)
    expect(stderr).toContain('error[missing-directory]')
  })
})

describe('vane explain', () => {
  it('tells the way, the winner and what came close', async () => {
    const { stdout, stderr, exitCode } = await explain('GET http://a.test/other', '--from', '192.0.2.1')
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(stdout).toContain('listener tcp:127.0.0.1:80, 3 rules')
    expect(stdout).toContain('the connection becomes HTTP')
    expect(stdout).toContain('host is a.test')
    expect(stdout).toContain('rule rest wins (rules/app.json:48)')
    expect(stdout).toContain('came close:\n  api: missed path under /api, path is /other\n')
    expect(stdout).toContain('  office: missed remote ip in 10.0.0.0/8, remote ip is 192.0.2.1\n')
  })

  it('compares the path as the daemon does, and says where it refuses', async () => {
    expect((await explain('GET http://a.test/x/%61;b//c')).stdout).toContain('path is /x/a/c')
    const { stdout, exitCode } = await explain('GET http://a.test/api/../x')
    expect([stdout, exitCode]).toEqual([
      'listener tcp:127.0.0.1:80\n\nrefused with 400: the path can be read in more than one way\n',
      0,
    ])
    const json = JSON.parse((await explain('GET http://a.test//x', '--json')).stdout) as object
    expect(json).toMatchObject({ rule: null, refused: { status: 400 } })
  })

  it('counts the client’s address in, and tells what would match later', async () => {
    const { stdout } = await explain('GET http://a.test/api/x?y=1', '--from', '10.1.1.1')
    expect(stdout).toContain('rule api wins')
    expect(stdout).toContain('would match too, but are tried later:\n  office\n  rest\n')
    expect((await explain('GET http://a.test/', '--from', '10.1.1.1')).stdout).toContain('rule office wins')
  })

  it('reads headers, the host among them, cookies and the query', async () => {
    const match = [
      { 'http.host': { equals: 'b.test' } },
      { 'http.header.x': { equals: '1' } },
      { 'http.cookie.c': { equals: 'a b' } },
      { 'http.query.q': { equals: 'ü' } },
    ]
    const dir = configDir([{ name: 'all', listen: [':80'], match, terminate: { type: 'close' } }])
    const headers = ['-H', 'Host: b.test', '-H', 'X: 1', '-H', 'cookie: c=a%20b']
    const { stdout } = await vane('explain', dir, '-r', 'GET http://a.test/?q=%C3%BC', ...headers)
    expect(stdout).toContain('rule all wins')
  })

  it('tells of rules that are found apart which comes first', async () => {
    const rules = Array.from({ length: 120 }, (_, at) => ({
      ...RULES[2],
      name: `r${String(at).padStart(3, '0')}`,
      match:
        at % 2 === 0 ? { 'http.host': { equals: `h${at}.test` } } : { 'http.uri.path': { path_prefix: `/p${at}` } },
    }))
    const told = async (target: string): Promise<string> =>
      (await vane('explain', configDir(rules), '-r', `GET http://${target}`)).stdout
    const both = await told('h80.test/p41')
    expect(both).toContain('rule r080 holds; whether one before it does is looked at next')
    expect(both).toContain('of the rules that hold, r041 comes first')
    expect(both).toContain('rule r041 wins')
    expect(await told('h1.test/')).toContain('none of the rules looked at so far holds')
  })

  it('takes the host for the name in TLS unless --sni says another', async () => {
    const match = { 'tls.sni': { equals: 'b.test' } }
    const dir = configDir([{ name: 'tls', listen: [':443'], match, terminate: { type: 'close' } }])
    expect((await vane('explain', dir, '-r', 'GET https://a.test/')).stdout).toContain('no rule matches')
    const { stdout } = await vane('explain', dir, '-r', 'GET https://a.test/', '--sni', 'B.test')
    expect(stdout).toContain('rule tls wins')
  })

  it('answers with data under --json', async () => {
    const { stdout } = await explain('GET http://a.test/api', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      listener: 'tcp:127.0.0.1:80',
      rule: 'api',
      source: { file: 'rules/app.json', line: 4 },
      would_match_later: ['rest'],
    })
  })

  it.each([
    [['GET a.test'], '--request is a method and an address'],
    [['GET http://a.test/ x'], '--request is a method and an address'],
    [['GET http://a.test/', '--from', 'nobody'], '--from is an IP address, not "nobody"'],
    [['GET http://a.test/', '-H', 'x'], '-H is a name and a value'],
    [['GET http://a.test/', '--sni', 'a'], '--sni needs a request to https://'],
    [['GET http://a.test:9/'], 'no listener has port 9; choose one with --listener'],
    [['GET http://a.test/', '--listener', ':9'], 'there is no listener :9; there are: tcp:127.0.0.1:80'],
  ])('refuses %j', async (argv, message) => {
    const { stderr, exitCode } = await explain(...argv)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })

  it('lets no control character of a request or rule through', async () => {
    const { stdout } = await explain('GET http://a.test/\u001b[31m')
    expect(stdout).not.toContain('\u001b')
  })
})

describe('vane graph', () => {
  it('draws each format', async () => {
    const dir = configDir()
    expect(XMLValidator.validate((await vane('graph', dir)).stdout)).toBe(true)
    expect((await vane('graph', dir, '--format', 'mermaid')).stdout).toMatch(/^flowchart |\nflowchart /)
    expect((await vane('graph', dir, '-f', 'dot')).stdout).toMatch(/^digraph /)
  })

  it('writes to a file with --out', async () => {
    const dir = configDir()
    const out = join(dir, 'graph.svg')
    expect(await vane('graph', dir, '--out', out)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect(XMLValidator.validate(readFileSync(out, 'utf8'))).toBe(true)
    const failed = await vane('graph', dir, '--out', join(dir, 'none', 'graph.svg'))
    expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining('vane: cannot write')])
  })

  it('draws every node of a large graph with --full only', async () => {
    const rules = Array.from({ length: 400 }, (_, at) => ({
      ...RULES[0],
      name: `r${at}`,
      match: { 'http.host': { equals: `h${at}.test` } },
    }))
    const dir = configDir(rules)
    expect((await vane('graph', dir, '-f', 'dot')).stdout).not.toContain('h399.test')
    expect((await vane('graph', dir, '-f', 'dot', '--full')).stdout).toContain('h399.test')
  })

  it('refuses an unknown format', async () => {
    const { stderr, exitCode } = await vane('graph', configDir(), '--format', 'sgv')
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('unknown format sgv; did you mean svg?')])
  })

  it('draws nothing where the configuration does not compile', async () => {
    const { stdout, stderr, exitCode } = await vane('graph', configDir(BROKEN))
    expect([stdout, exitCode]).toEqual(['', 1])
    expect(stderr).toContain('error[unknown-terminator]')
  })
})

it.each([
  [['compile'], 'compile needs a directory: vane compile DIR'],
  [['compile', 'a', 'b'], 'compile takes one directory, not also b'],
  [['compile', 'a', '--socket', '/s'], 'compile takes no --socket'],
  [['graph', 'a', '--json'], 'graph takes no --json'],
  [['ping', '--graph'], 'ping takes no --graph'],
])('%j is refused', async (argv, message) => {
  const { stderr, exitCode } = await vane(...argv)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})
