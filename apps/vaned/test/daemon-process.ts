import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createMgmtClient, type MgmtClient } from 'vane-mgmt'
import { onTestFinished } from 'vitest'

const MAIN = new URL('../src/main.ts', import.meta.url).pathname
const DEADLINE_MS = 60_000

/** One line of the daemon's log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [key: string]: unknown
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A configuration directory that is gone after the test. */
export interface TestConfig {
  readonly dir: string
  readonly socketPath: string
  /** Writes a file below the directory. */
  write(path: string, content: string | object): void
}

/** Makes a configuration directory with its state beside it. */
export function testConfig(rules: object | string = {}): TestConfig {
  const root = mkdtempSync(join(tmpdir(), 'vaned-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = join(root, 'config')
  mkdirSync(join(dir, 'rules'), { recursive: true })
  const write = (path: string, content: string | object): void =>
    writeFileSync(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content))
  write('rules/test.json', rules)
  return { dir, socketPath: join(root, 'state', 'vaned.sock'), write }
}

/** Variables that keep a daemon to its directory. */
export function variablesOf(config: TestConfig, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('VANE_'))
  return {
    ...Object.fromEntries(inherited),
    VANE_STATE_DIR: join(config.socketPath, '..'),
    VANE_BIND_MAX_ATTEMPTS: '1',
    // A test that asks for a reload wants to see that one's outcome.
    VANE_WATCH: '0',
    ...extra,
  }
}

/** Runs the daemon's command line until it ends by itself. */
export async function runToEnd(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; nodeArgs?: readonly string[] } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=vane-source', ...(options.nodeArgs ?? []), MAIN, ...args], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { code, signal, stdout, stderr }
}

/** A daemon as a child process. */
export interface TestDaemon {
  readonly child: ChildProcess
  readonly client: MgmtClient
  readonly log: readonly LogLine[]
  /** Resolves with the first line, old or new, that `matches`. */
  logged(matches: RegExp): Promise<LogLine>
  kill(signal: NodeJS.Signals): void
  ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts a daemon and waits until it is ready; whatever is left of it ends with the test. */
export async function startDaemon(
  config: TestConfig,
  extra: Record<string, string> = {},
  nodeArgs: readonly string[] = [],
): Promise<TestDaemon> {
  const child = spawn(process.execPath, ['--conditions=vane-source', ...nodeArgs, MAIN, '--config', config.dir], {
    env: variablesOf(config, extra),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const log: LogLine[] = []
  const watchers = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as LogLine)
    for (const watch of watchers) watch()
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))

  const logged = (matches: RegExp): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        watchers.delete(watch)
        clearTimeout(timer)
        settle()
      }
      const watch = (): void => {
        const found = log.find(({ msg }) => matches.test(msg))
        if (found !== undefined) finish(() => resolve(found))
      }
      const fail = (why: string): void =>
        finish(() =>
          reject(new Error(`${why} before it logged ${matches}\n${stderr}\n${log.map(({ msg }) => msg).join('\n')}`)),
        )
      const timer = setTimeout(() => fail('time was up'), DEADLINE_MS)
      watchers.add(watch)
      void exit.then(() => {
        watch()
        fail('the daemon ended')
      })
      watch()
    })
  await logged(/is ready$/)
  const client = createMgmtClient({ socketPath: config.socketPath })
  onTestFinished(() => client.close())
  return {
    child,
    client,
    log,
    logged,
    kill: (signal) => void child.kill(signal),
    ended: async () => {
      const [code, signal] = await exit
      return { code, signal }
    },
  }
}

/** A loopback port that was free a moment ago: rules may not ask for port 0. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Rules with one that answers by itself. */
export function staticRules(port: number, body: string): object {
  return {
    rules: [{ name: 'answer', listen: [`127.0.0.1:${port}`], terminate: { type: 'static', status: 200, body } }],
  }
}

/** Rules with one that proxies. */
export function proxyRules(port: number, upstreamPort: number): object {
  return {
    rules: [
      {
        name: 'proxy',
        listen: [`127.0.0.1:${port}`],
        terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstreamPort}` },
      },
    ],
  }
}

/** Arguments for Node that run a script in the daemon's process before the daemon. */
export function preload(script: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`]
}
