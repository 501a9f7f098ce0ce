import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MgmtError, createMgmtServer, type VerbHandlers } from 'vane-mgmt'

const MAIN = new URL('../src/main.ts', import.meta.url).pathname

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs the command line as a process of its own, its output piped. */
async function vane(args: readonly string[], variables: Record<string, string> = {}): Promise<Ended> {
  const { VANE_MGMT_UNIX: _socket, VANE_STATE_DIR: _state, ...inherited } = process.env
  const child = spawn(process.execPath, ['--conditions=vane-source', MAIN, ...args], {
    env: { ...inherited, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ])
  return { stdout, stderr, exitCode }
}

function socketIn(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vane-cli-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'vaned.sock')
}

async function daemon(handlers: Partial<VerbHandlers> = {}): Promise<string> {
  const socketPath = socketIn()
  const refuse = (): never => {
    throw new MgmtError('failed', 'not in this test')
  }
  const server = createMgmtServer({
    socketPath,
    handlers: {
      ping: () => ({ version: '9.9.9', pid: 7, uptime_ms: 5_000, state: 'serving' }),
      stats: refuse,
      get_pools: () => ({ wasm: [], fetches: [], cgi: null }),
      get_upstreams: refuse,
      pool_drain: refuse,
      get_config: refuse,
      reload: refuse,
      shutdown: refuse,
      set_flow_verbosity: refuse,
      tail_flow: refuse,
      ...handlers,
    },
  })
  await server.listen()
  onTestFinished(() => server.close())
  return socketPath
}

describe('vane', () => {
  it('prints plain text into a pipe and ends with 0', async () => {
    const socket = await daemon()
    expect(await vane(['ping', '--socket', socket])).toEqual({
      stdout: 'vaned 9.9.9 answers: serving for 5s, process 7\n',
      stderr: '',
      exitCode: 0,
    })
  })

  it('finds the socket by VANE_MGMT_UNIX and by VANE_STATE_DIR', async () => {
    const socket = await daemon()
    expect((await vane(['ping'], { VANE_MGMT_UNIX: socket })).exitCode).toBe(0)
    expect((await vane(['ping'], { VANE_STATE_DIR: join(socket, '..') })).exitCode).toBe(0)
  })

  it('prints the verb’s result as it is with --json', async () => {
    const socket = await daemon()
    const { stdout } = await vane(['get', 'pools', '--json', '-s', socket])
    expect(stdout).toBe('{"wasm":[],"fetches":[],"cgi":null}\n')
  })

  it('writes a large answer whole into a pipe', async () => {
    const row = {
      kind: 'stateless',
      key: '/x.wasm',
      export: 'e',
      capacity: 0,
      available: 0,
      in_use: 0,
      total_allocations: 0,
      failures: 0,
    } as const
    const socket = await daemon({
      get_pools: () => ({ wasm: Array.from({ length: 20_000 }, () => row), fetches: [], cgi: null }),
    })
    const { stdout, exitCode } = await vane(['get', 'pools', '--json', '-s', socket])
    expect((JSON.parse(stdout) as { wasm: unknown[] }).wasm).toHaveLength(20_000)
    expect(exitCode).toBe(0)
  })

  it('ends quietly when the reader of its pipe goes away', async () => {
    const socket = await daemon({
      ping: () => ({ version: 'x'.repeat(4_000_000), pid: 7, uptime_ms: 0, state: 'serving' }),
    })
    const child = spawn(process.execPath, ['--conditions=vane-source', MAIN, 'ping', '-s', socket], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })

  it('tail flow ends quietly, too, when the reader of its pipe goes away', async () => {
    const entry = {
      event: 'error',
      time: '2026-01-02T12:34:56.789Z',
      connection_id: '0123456789abcdef',
      entry: 'tcp::80',
      peer: '192.0.2.1',
      error: 'x'.repeat(10_000),
    } as const
    const socket = await daemon({
      tail_flow: (_args, stream) => {
        const timer = setInterval(() => stream.send(entry), 1)
        onTestFinished(() => clearInterval(timer))
      },
    })
    const child = spawn(process.execPath, ['--conditions=vane-source', MAIN, 'tail', 'flow', '--json', '-s', socket], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })

  it('ends with 1 and says why when the daemon refuses', async () => {
    const report = 'error[syntax-error]: no\n --> rules/a.json:1:2'
    const socket = await daemon({
      reload: () => {
        throw new MgmtError('reload_failed', 'the old configuration goes on serving: no', {
          report,
          diagnostics: [{ code: 'syntax-error' }],
        })
      },
    })
    expect(await vane(['reload', '-s', socket])).toEqual({
      stdout: '',
      stderr: `${report}\n\nvane: the old configuration goes on serving: no\n`,
      exitCode: 1,
    })
    const asJson = await vane(['reload', '-s', socket, '--json'])
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      error: { code: 'reload_failed', data: { diagnostics: [{ code: 'syntax-error' }] } },
    })
    expect(asJson.exitCode).toBe(1)
  })

  it('tail flow prints what comes, line by line, in either form', async () => {
    const request = {
      event: 'request',
      time: '2026-01-01T12:34:56.789Z',
      connection_id: '0123456789abcdef',
      entry: 'tcp::80',
      rule: 'app\u001b[31m',
      method: 'GET',
      target: '/x\n',
      status: 502,
      outcome: 'failed',
      duration_ms: 1.25,
      bytes_in: 0,
      bytes_out: 2048,
      error: 'upstream is down',
      steps: [],
      steps_omitted: 0,
    } as const
    const asked: unknown[] = []
    const socket = await daemon({
      tail_flow: (args, stream) => {
        asked.push(args)
        stream.send(request)
        stream.send({
          event: 'upgrade',
          time: request.time,
          connection_id: request.connection_id,
          entry: 'tcp::80',
          peer: '192.0.2.1',
          protocol: 'h2',
        })
        stream.send({
          event: 'terminate',
          time: request.time,
          connection_id: request.connection_id,
          entry: 'tcp::80',
          peer: null,
          duration_ms: 12.25,
          requests: 1,
          bytes_in: 3,
          bytes_out: 4096,
        })
        stream.end('complete')
      },
    })
    const filters = ['--status', '5xx', '--rule', 'app', '--last', '5', '--no-follow', '--slower-than', '1']
    const forPeople = await vane(['tail', 'flow', '-s', socket, ...filters])
    expect(forPeople).toEqual({
      stdout:
        '12:34:56.789\t502\tGET\t/x \tapp\t1.3 ms\t0 B in\t2.0 KiB out\t0123456789abcdef\tfailed\tupstream is down\n' +
        '12:34:56.789\tupgrade\t0123456789abcdef\tfrom 192.0.2.1\tby tcp::80\th2\n' +
        '12:34:56.789\tterminate\t0123456789abcdef\tby tcp::80\t1 request\t12.3 ms\t3 B in\t4.0 KiB out\n',
      stderr: '',
      exitCode: 0,
    })
    expect(asked).toEqual([{ last: 5, follow: false, rule: 'app', status: '5xx', min_duration_ms: 1 }])
    const asJson = await vane(['tail', 'flow', '-s', socket, '--json'])
    expect(
      asJson.stdout
        .split('\n')
        .slice(0, 2)
        .map((line) => (JSON.parse(line) as { event: string }).event),
    ).toEqual(['request', 'upgrade'])
  })

  it.each([
    [['tail', 'flow', '--last', '10001'], '--last is a number from 0 to 10000, not "10001"'],
    [['tail', 'flow', '--status', 'ok'], '--status is a status such as 404, or a class such as 5xx, not "ok"'],
    [
      ['tail', 'flow', '--outcome', 'good'],
      '--outcome is one of response, tunnel, closed, failed, canceled, not "good"',
    ],
    [['tail'], '"tail" is incomplete; there are: tail flow'],
    [['ping', '--last', '1'], 'ping takes no --last'],
    [['set', 'flow-verbosity'], '--verbosity is one of normal, debug'],
  ])('%j is refused before anything is asked', async (args, message) => {
    expect(await vane(args)).toMatchObject({ stderr: expect.stringContaining(message) as string, exitCode: 2 })
  })

  it('tail flow ends with 3 where the daemon goes away, and with 1 where it refuses', async () => {
    expect(await vane(['tail', 'flow', '-s', socketIn()])).toMatchObject({ exitCode: 3 })
    expect(await vane(['tail', 'flow', '-s', await daemon()])).toMatchObject({
      exitCode: 1,
      stderr: 'vane: not in this test\n',
    })
  })

  it('ends with 2 on a mistake in the command line', async () => {
    expect(await vane(['pnig'])).toEqual({
      stdout: '',
      stderr: 'vane: unknown command pnig; did you mean ping?\nvane --help lists the commands\n',
      exitCode: 2,
    })
  })

  it.each([
    [['tail', 'flow', '--status', 'ok'], 'tail flow'],
    [['ping', '--last', '1'], 'ping'],
    [['pool', 'drain'], 'pool drain'],
    [['compile'], 'compile'],
    [['graph', '.', '--format', 'png'], 'graph'],
  ])('%j is told whose help to ask for', async (args, command) => {
    expect((await vane(args)).stderr.split('\n')[1]).toBe(`vane ${command} --help tells what it takes`)
  })

  it('ends with 3, the socket it tried and what to do when nobody answers', async () => {
    const socket = socketIn()
    const { stderr, stdout, exitCode } = await vane(['ping', '--socket', socket])
    expect(stdout).toBe('')
    expect(stderr).toBe(
      `vane: cannot reach the daemon at ${socket}: there is no such socket\nis vaned running? its log names its socket at the start; --socket PATH or VANE_MGMT_UNIX names another one\n`,
    )
    expect(exitCode).toBe(3)
  })

  it('prints help and version', async () => {
    expect(await vane(['--help'])).toMatchObject({ stderr: '', exitCode: 0 })
    expect((await vane(['--version'])).stdout).toMatch(/^vane \d+\.\d+\.\d+\n$/)
  })
})
