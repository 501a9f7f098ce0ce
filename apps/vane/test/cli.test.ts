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
      get_pools: () => ({ wasm: [] }),
      get_config: refuse,
      reload: refuse,
      shutdown: refuse,
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
    expect(stdout).toBe('{"wasm":[]}\n')
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
    const socket = await daemon({ get_pools: () => ({ wasm: Array.from({ length: 20_000 }, () => row) }) })
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

  it('ends with 2 on a mistake in the command line', async () => {
    expect(await vane(['pnig'])).toEqual({
      stdout: '',
      stderr: 'vane: unknown command pnig; did you mean ping?\nvane --help lists the commands\n',
      exitCode: 2,
    })
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
