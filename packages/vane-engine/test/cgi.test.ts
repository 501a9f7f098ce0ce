import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCgiRuntime, type CgiRuntime, type EngineOptions } from 'vane-engine'
import { SILENT_LOGGER } from 'vane-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { createRecordingLogger, type LogLine, startEngine, type StartedEngine } from './support/start-engine.ts'
import { closedPort } from './support/upstream.ts'
import { until } from './support/until.ts'

const IS_ROOT = process.getuid?.() === 0
// Root becomes somebody else; whoever is not can only stay who he is.
const NOBODY = 65_534
const uid = IS_ROOT ? NOBODY : process.getuid!()
const gid = IS_ROOT ? NOBODY : process.getgid!()

interface Cgi extends AsyncDisposable {
  readonly vane: StartedEngine
  readonly runtime: CgiRuntime
  readonly logs: LogLine[]
  readonly dir: string
  ask(line: string, fields?: string, body?: string): Promise<string>
}

interface CgiOptions {
  readonly terminate?: object
  readonly rule?: object
  readonly limits?: object
  readonly maxConcurrent?: number
  readonly engine?: EngineOptions
}

/** Serves a script at `/app`. */
async function startCgi(script: string, options: CgiOptions = {}): Promise<Cgi> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-cgi-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  chmodSync(dir, 0o755)
  const binary = join(dir, 'app')
  writeFileSync(binary, script)
  chmodSync(binary, 0o755)
  const rule = {
    name: 'cgi',
    listen: [`127.0.0.1:${await closedPort()}`],
    terminate: {
      type: 'cgi',
      binary,
      script_name: '/app',
      block_headers: ['authorization', 'cookie'],
      security: { uid, gid, limits: { memory_mb: 1_024, cpu_seconds: 10, max_processes: 500, ...options.limits } },
      ...options.terminate,
    },
    ...options.rule,
  }
  const logs: LogLine[] = []
  const { maxConcurrent } = options
  const runtime = createCgiRuntime({
    logger: createRecordingLogger(logs),
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  })
  const vane = await startEngine(await compileRules([rule]), { cgi: runtime, ...options.engine })
  return {
    vane,
    runtime,
    logs,
    dir,
    ask: (line, fields = '', body = '') =>
      exchangeRaw(vane.port, `${line} HTTP/1.1\r\nhost: a.test:8080\r\n${fields}connection: close\r\n\r\n${body}`),
    [Symbol.asyncDispose]: () => vane.engine.close(),
  }
}

const sh = (body: string): string => `#!/bin/sh\n${body}\n`
const python = (body: string): string => `#!/usr/bin/python3\nimport os, sys, time\n${body}\n`
const HELLO = sh(`printf 'Content-Type: text/plain\\n\\nhello'`)

/** Processes whose environment or command line names a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

describe('what a program is told', () => {
  const PRINT_ENV = sh(`printf 'Content-Type: text/plain\\n\\n'; env`)

  async function environment(line: string, fields: string, terminate: object = {}): Promise<Record<string, string>> {
    await using cgi = await startCgi(PRINT_ENV, { terminate })
    const text = (await cgi.ask(line, fields)).split('\r\n\r\n').slice(1).join('')
    return Object.fromEntries(
      [...text.matchAll(/^([A-Za-z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value.trim()]),
    )
  }

  test('is the request and nothing of the daemon', async () => {
    const env = await environment('GET /app/x%20y/z?q=1&r=%20', 'x-one: 1\r\nX-Many: a\r\nx-many: b\r\n', {
      env: { GREETING: 'hi', QUERY_STRING: 'spoofed' },
    })
    // What the shell sets by itself.
    for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete env[name]
    expect(env).toEqual({
      GATEWAY_INTERFACE: 'CGI/1.1',
      GREETING: 'hi',
      HTTP_HOST: 'a.test:8080',
      HTTP_X_MANY: 'a, b',
      HTTP_X_ONE: '1',
      PATH_INFO: '/x y/z',
      QUERY_STRING: 'q=1&r=%20',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: 'GET',
      REQUEST_URI: '/app/x%20y/z?q=1&r=%20',
      SCRIPT_NAME: '/app',
      SERVER_NAME: 'a.test',
      SERVER_PORT: expect.stringMatching(/^\d+$/) as string,
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: 'vane',
    })
  })

  test('is neither a proxy, nor credentials that are blocked, nor a name that could be another', async () => {
    const env = await environment(
      'GET /app',
      'Proxy: http://evil.test\r\nproxy-authorization: Basic x\r\nAuthorization: Bearer x\r\ncookie: a=b\r\n' +
        'x_real_ip: 6.6.6.6\r\nHTTP-PROXY: evil\r\nx-kept: 1\r\n',
    )
    const names = Object.keys(env).filter((name) => name.startsWith('HTTP_'))
    expect(names.toSorted()).toEqual(['HTTP_HOST', 'HTTP_HTTP_PROXY', 'HTTP_X_KEPT'])
    expect(env).not.toHaveProperty('HTTP_PROXY')
  })

  test('is mounted where rules see it, however its path is written', async () => {
    const env = await environment('GET /%61pp;v=1/x?y', '')
    expect(env).toMatchObject({ SCRIPT_NAME: '/app', PATH_INFO: '/x', REQUEST_URI: '/%61pp;v=1/x?y' })
  })

  test('is who it runs as and how much it may use', async () => {
    await using cgi = await startCgi(
      python(`
import resource
print('Content-Type: text/plain\\n')
print(os.getuid(), os.getgid(), os.getgroups() if os.getuid() == ${NOBODY} else [])
print(resource.getrlimit(resource.RLIMIT_AS)[1], resource.getrlimit(resource.RLIMIT_CPU)[1], resource.getrlimit(resource.RLIMIT_NPROC)[1])
print(os.getcwd())
print(sorted(os.listdir('/proc/self/fd'))[:3])`),
    )
    // One chunk of content.
    const [, content = ''] = (await cgi.ask('GET /app')).split('\r\n\r\n')[1]!.split('\r\n')
    const [ids, limits, cwd, fds] = content.split('\n')
    expect(ids).toBe(`${uid} ${gid} []`)
    expect(limits).toBe(`${1_024 * 1_024 * 1_024} 10 500`)
    expect(cwd).toBe(cgi.dir)
    expect(fds).toBe("['0', '1', '2']")
  })

  test.each([
    ['GET /other', 404],
    ['GET /application', 404],
    ['GET /app/a%2fb', 400],
    ['GET /app/a%00b', 400],
    ['GET /app/%ff', 400],
    ['GET /app/%zz', 400],
    ['GET /app/../etc/passwd', 400],
    ['GET /app/x/%2e%2E', 400],
  ])('%s is answered with %i, and nothing runs', async (line, status) => {
    await using cgi = await startCgi(HELLO)
    expect(await cgi.ask(line)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(cgi.runtime.stats().total).toBe(0)
  })
})

describe('input', () => {
  const ECHO = python(`
body = sys.stdin.buffer.read()
print('Content-Type: text/plain\\n')
print(os.environ.get('CONTENT_LENGTH'), os.environ.get('CONTENT_TYPE'), len(body), body[:5].decode())`)

  test('is the body, with its length and type', async () => {
    await using cgi = await startCgi(ECHO)
    const size = 3_000_000
    const fields = `content-type: text/x\r\ncontent-length: ${size}\r\n`
    expect(await cgi.ask('POST /app', fields, 'b'.repeat(size))).toContain(`${size} text/x ${size} bbbbb`)
    expect(await cgi.ask('GET /app')).toContain('None None 0 ')
  })

  test('of unknown length is read first', async () => {
    await using cgi = await startCgi(ECHO)
    const body = '3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n'
    expect(await cgi.ask('POST /app', 'transfer-encoding: chunked\r\n', body)).toContain('7 None 7 abcde')
  })

  test('is limited by the rule', async () => {
    await using cgi = await startCgi(ECHO, { rule: { max_body_bytes_request: 5 } })
    expect(await cgi.ask('POST /app', 'content-length: 5\r\n', 'aaaaa')).toContain('5 None 5 aaaaa')
    expect(await cgi.ask('POST /app', 'content-length: 6\r\n', 'aaaaaa')).toMatch(/^HTTP\/1\.1 413 /)
    expect(await cgi.ask('POST /app', 'transfer-encoding: chunked\r\n', '6\r\naaaaaa\r\n0\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 413 /,
    )
    expect(cgi.runtime.stats().total).toBe(1)
  })

  test('of unknown length is counted among all bodies in memory, until its request is over', async () => {
    const limits = { maxBufferedBytes: 10_000 }
    await using cgi = await startCgi(ECHO, { engine: { limits } })
    const ask = (bytes: number): Promise<string> =>
      cgi.ask(
        'POST /app',
        'transfer-encoding: chunked\r\n',
        `${bytes.toString(16)}\r\n${'b'.repeat(bytes)}\r\n0\r\n\r\n`,
      )
    expect(await ask(20_000)).toMatch(/^HTTP\/1\.1 503 /)
    for (let n = 0; n < 3; n++) expect(await ask(9_000)).toContain('9000 None 9000 bbbbb')
    await until('all given back', () => cgi.vane.engine.stats().bufferedBytes === 0)
    expect(cgi.vane.engine.stats().limitHits).toEqual({ max_buffered_bytes: 1 })
  })

  test('need not be read', async () => {
    await using cgi = await startCgi(HELLO)
    const text = await cgi.ask('POST /app', `content-length: 500000\r\n`, 'b'.repeat(500_000))
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*hello/)
  })
})

describe('output', () => {
  const printing = (head: string): string => sh(`printf '${head.replaceAll('\n', '\\n').replaceAll('%', '%%')}'`)

  test.each<[string, string, RegExp]>([
    ['a document', 'Content-Type: text/plain\n\nhello', /^HTTP\/1\.1 200 [^]*content-type: text\/plain[^]*hello/i],
    ['line ends of either kind', 'Content-Type: a/b\r\n\r\nhello', /^HTTP\/1\.1 200 [^]*hello/],
    ['a status', 'Status: 418 a teapot\nContent-Type: a/b\n\nhello', /^HTTP\/1\.1 418 [^]*hello/],
    ['a status alone', 'Status: 204 none\n\n', /^HTTP\/1\.1 204 /],
    ['a redirect', 'Location: https://b.test/x\n\n', /^HTTP\/1\.1 302 [^]*location: https:\/\/b\.test\/x\r\n/i],
    [
      'a redirect within the site, which the client follows',
      'Location: /x?y\n\n',
      /^HTTP\/1\.1 302 [^]*location: \/x\?y/i,
    ],
    ['a redirect with a status', 'Status: 303\nLocation: /x\n\n', /^HTTP\/1\.1 303 /],
    ['a declared length', 'Content-Type: a/b\nContent-Length: 5\n\nhello', /content-length: 5[^]*hello$/i],
    [
      'repeated fields',
      'Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n',
      /set-cookie: a=1\r\n[^]*set-cookie: b=2/i,
    ],
  ])('%s', async (_name, head, expected) => {
    await using cgi = await startCgi(printing(head))
    expect(await cgi.ask('GET /app')).toMatch(expected)
  })

  test('fields that are for the connection, or for the server alone, do not pass', async () => {
    await using cgi = await startCgi(
      printing(
        'Content-Type: a/b\nConnection: keep-alive, x-drop\nX-Drop: 1\nX-CGI-Note: 1\nUpgrade: x\nX-Kept: 1\n\nhello',
      ),
    )
    const text = (await cgi.ask('GET /app')).toLowerCase()
    expect(text).toContain('x-kept: 1')
    expect(text).not.toMatch(/x-drop|x-cgi|upgrade|keep-alive/)
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['no head', 'hello'],
    ['no field that says what it is', 'X-Other: 1\n\nhello'],
    ['a status line of its own', 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nhello'],
    ['a status that is not final', 'Status: 100 Continue\n\n'],
    ['a status that is none', 'Status: fine\n\n'],
    ['two statuses', 'Status: 200\nStatus: 404\nContent-Type: a/b\n\n'],
    ['two types', 'Content-Type: a/b\nContent-Type: c/d\n\n'],
    ['a blank before the colon', 'Content-Type : a/b\n\n'],
    ['a folded line', 'Content-Type: a/b\n x\n\n'],
    ['a CR within a line', 'Content-Type: a/b\rX-Evil: 1\n\n'],
    ['a control byte', 'Content-Type: a\x01b\n\n'],
    ['a length that is none', 'Content-Type: a/b\nContent-Length: +5\n\nhello'],
    ['two lengths', 'Content-Type: a/b\nContent-Length: 5\nContent-Length: 5\n\nhello'],
    ['a transfer coding', 'Content-Type: a/b\nTransfer-Encoding: chunked\n\n0\r\n\r\n'],
    ['too many fields', `Content-Type: a/b\n${'X: 1\n'.repeat(100)}\n`],
    ['a head without an end', `Content-Type: a/b\nX: ${'y'.repeat(70_000)}`],
  ])('%s is a 502', async (_name, head) => {
    await using cgi = await startCgi(
      python(`sys.stdout.buffer.write(${JSON.stringify(head).replaceAll('\\u00', '\\x')}.encode())`),
    )
    expect(await cgi.ask('GET /app')).toMatch(/^HTTP\/1\.1 502 /)
    await until('the program to be gone', () => cgi.runtime.stats().inUse === 0)
  })

  test.each<[string, string]>([
    ['less than it declared', `printf 'Content-Type: a/b\\nContent-Length: 9\\n\\nhello'`],
    ['more than it declared', `printf 'Content-Type: a/b\\nContent-Length: 3\\n\\nhello'`],
    ['half of it, and was killed', `printf 'Content-Type: a/b\\n\\nhello'; kill -9 $$`],
  ])('a program that wrote %s cuts the client off', async (_name, body) => {
    await using cgi = await startCgi(sh(body))
    using client = await connectRaw(cgi.vane.port)
    client.send('GET /app HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.closed()
    // No last chunk, and not what was declared.
    expect(client.text).not.toMatch(/\r\n\r\n(?:hel|hello....)$/)
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/)
    await until('the failure', () => cgi.vane.trajectories[0]?.outcome === 'failed')
  })

  test('streams, with back-pressure: what a slow client does not take waits in the program', async () => {
    const total = 64 * 1024 * 1024
    await using cgi = await startCgi(
      python(`
print('Content-Type: a/b\\n', flush=True)
for i in range(${total / 65_536}): sys.stdout.buffer.write(b'x' * 65536)`),
    )
    using client = await connectRaw(cgi.vane.port)
    client.socket.pause()
    client.send('GET /app HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    const sent = (): number => cgi.vane.engine.stats().bytes.sent
    let before = -1
    await until('the stream to stand still', () => {
      const stands = sent() > 0 && sent() === before
      before = sent()
      return stands
    })
    expect(sent()).toBeLessThan(total / 2)
    expect(cgi.runtime.stats().inUse).toBe(1)
    let received = 0
    client.socket.removeAllListeners('data')
    client.socket.on('data', (chunk) => (received += chunk.length))
    client.socket.resume()
    await until('all of it', () => received > total, 30_000)
  })

  test('a HEAD request gets the head alone', async () => {
    await using cgi = await startCgi(printing('Content-Type: a/b\nContent-Length: 5\n\nhello'))
    const text = await cgi.ask('HEAD /app')
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 5/i)
    expect(text).not.toContain('hello')
  })
})

describe('standard error', () => {
  test('goes to the log, without what would move a cursor, and bounded', async () => {
    await using cgi = await startCgi(
      python(`
sys.stderr.write('careful \\x1b[31mred\\n')
sys.stderr.write('y' * 100000 + '\\n')
for i in range(1000): sys.stderr.write('line %d\\n' % i)
print('Content-Type: a/b\\n')`),
    )
    await cgi.ask('GET /app')
    await until('the log', () => cgi.logs.length >= 100)
    // More come only as time goes by.
    expect(cgi.logs.length).toBeLessThan(500)
    expect(cgi.logs[0]).toMatchObject({ level: 'warn', message: 'CGI program: careful red' })
    expect(cgi.logs[1]?.message.length).toBeLessThan(1_100)
  })
})

describe('ends', () => {
  test('a client that goes away ends the program and what it has started', async () => {
    const marker = `vane-cgi-marker-${process.pid}`
    await using cgi = await startCgi(
      sh(
        `exec 2>/dev/null; sh -c 'sleep 300; : ${marker}' & printf 'Content-Type: a/b\\n\\nbegun'; sleep 300; : ${marker}`,
      ),
    )
    using client = await connectRaw(cgi.vane.port)
    client.send('GET /app HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.received('begun')
    await until('what it has started', () => processesWith(marker).length > 0)
    client.socket.resetAndDestroy()
    await until('no process to be left', () => processesWith(marker).length === 0)
    await until('a free place', () => cgi.runtime.stats().inUse === 0)
  })

  test('what a program leaves behind does not outlive its answer, nor hold it up', async () => {
    const marker = `vane-cgi-left-${process.pid}`
    await using cgi = await startCgi(sh(`sh -c 'sleep 300; : ${marker}' & printf 'Content-Type: a/b\\n\\nhello'`))
    expect(await cgi.ask('GET /app')).toMatch(/hello/)
    await until('no process to be left', () => processesWith(marker).length === 0)
  })

  test('a program that closes its output and goes on is ended, and its answer is whole', async () => {
    await using cgi = await startCgi(sh(`printf 'Content-Type: a/b\\n\\nhello'; exec >&-; sleep 300`))
    const text = await cgi.ask('GET /app')
    expect(text).toMatch(/hello\r\n0\r\n\r\n$/)
    await until('the program to be gone', () => cgi.runtime.stats().inUse === 0)
  })

  test.each<[string, string, object, RegExp]>([
    ['first_byte', 'sleep 300', { first_byte: '100ms' }, /^HTTP\/1\.1 504 /],
    ['total', 'sleep 300', { total: '100ms' }, /^HTTP\/1\.1 504 /],
    ['idle', `printf 'Content-Type: a/b\\n\\nbegun'; sleep 300`, { idle: '100ms' }, /begun\r\n$/],
  ])('the timeout %s ends it', async (_name, body, timeouts, expected) => {
    await using cgi = await startCgi(sh(body), { terminate: { timeouts } })
    expect(await cgi.ask('GET /app')).toMatch(expected)
    await until('the program to be gone', () => cgi.runtime.stats().inUse === 0)
  })

  test('limits of memory and time end it, and the client gets a 502', async () => {
    await using memory = await startCgi(python(`x = b'x' * (300 << 20)\nprint('Content-Type: a/b\\n')`), {
      limits: { memory_mb: 200 },
    })
    expect(await memory.ask('GET /app')).toMatch(/^HTTP\/1\.1 502 /)
    await using time = await startCgi(sh('while :; do :; done'), { limits: { cpu_seconds: 1 } })
    expect(await time.ask('GET /app')).toMatch(/^HTTP\/1\.1 502 /)
  })

  test('no more run at once than may', async () => {
    await using cgi = await startCgi(sh('cat >/dev/null; sleep 300'), { maxConcurrent: 2 })
    using first = await connectRaw(cgi.vane.port)
    using second = await connectRaw(cgi.vane.port)
    for (const client of [first, second]) client.send('GET /app HTTP/1.1\r\nhost: a\r\n\r\n')
    await until('two programs', () => cgi.runtime.stats().inUse === 2)
    expect(await cgi.ask('GET /app')).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: /)
    expect(cgi.runtime.stats()).toEqual({ capacity: 2, inUse: 2, total: 2, refused: 1 })
    first.socket.resetAndDestroy()
    await until('a free place', () => cgi.runtime.stats().inUse === 1)
  })

  test('a program that is missing, or cannot be executed, is a 502 and gives its place back', async () => {
    await using missing = await startCgi(HELLO, { terminate: { binary: '/nonexistent/app', working_dir: '/' } })
    expect(await missing.ask('GET /app')).toMatch(/^HTTP\/1\.1 502 /)
    await using folder = await startCgi(HELLO, { terminate: { working_dir: '/nonexistent' } })
    expect(await folder.ask('GET /app')).toMatch(/^HTTP\/1\.1 502 /)
    await until('free places', () => missing.runtime.stats().inUse === 0 && folder.runtime.stats().inUse === 0)
  })
})

describe('a rule with cgi is refused when it is linked', () => {
  const spec = async (): Promise<Parameters<StartedEngine['engine']['link']>[0]> =>
    compileRules([
      {
        name: 'cgi',
        listen: [`127.0.0.1:${await closedPort()}`],
        terminate: {
          type: 'cgi',
          binary: '/bin/true',
          script_name: '',
          block_headers: [],
          security: { uid: 0, gid: 1, limits: { memory_mb: 1, cpu_seconds: 1, max_processes: 1 } },
        },
      },
    ])

  test('where the feature is off', async () => {
    await expect(startEngine(await spec())).rejects.toThrow(
      /rule "cgi" \(rules\/test\.json:1:\d+\): fetch cgi: CGI programs need the feature "cgi", which is off/,
    )
  })

  test('where setpriv or prlimit is not installed', async () => {
    const cgi = createCgiRuntime({ logger: SILENT_LOGGER, toolFolders: ['/nonexistent'] })
    await expect(startEngine(await spec(), { cgi })).rejects.toThrow(/started through setpriv, which is not installed/)
  })

  test.skipIf(IS_ROOT)('where the daemon may not become that user', async () => {
    const cgi = createCgiRuntime({ logger: SILENT_LOGGER })
    await expect(startEngine(await spec(), { cgi })).rejects.toThrow(/running as uid 0 and gid 1 needs root/)
  })
})
