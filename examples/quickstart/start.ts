import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs, styleText } from 'node:util'
import { startUpstream } from './upstream.ts'

/** Something a person must do first; said without a stack. */
class Hint extends Error {}

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const VANED = join(ROOT, 'apps/vaned/dist/main.js')
const PLUGIN = join(ROOT, 'examples/plugins/dist/hello-ts.wasm')
const READY_DEADLINE_MS = 60_000

const { values: options } = parseArgs({
  options: {
    /** Another copy of `config`; its rules must listen and proxy where the next two say. */
    config: { type: 'string', default: join(HERE, 'config') },
    port: { type: 'string', default: '8080' },
    'upstream-port': { type: 'string', default: '9080' },
    state: { type: 'string', default: join(HERE, '.state') },
  },
})
const port = Number(options.port)
const upstreamPort = Number(options['upstream-port'])
const base = `http://127.0.0.1:${port}`

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof Hint)) throw error
  console.error(`${styleText('red', 'cannot start:', { stream: process.stderr })} ${error.message}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const ending = endOnSignals()
  await assertFree(
    port,
    'the quickstart’s proxy',
    'the "listen" lines of examples/quickstart/config/rules/quickstart.jsonc',
  )
  await installPlugin()
  const upstream = await startUpstreamOrHint()
  const socketDir = await mkdtemp(join(tmpdir(), 'vane-'))
  try {
    const socketPath = join(socketDir, 'vaned.sock')
    const vaned = startDaemon(socketPath)
    const ended = once(vaned, 'exit') as Promise<[code: number | null, signal: string | null]>
    const first = await Promise.race([untilReady().then(() => 'ready' as const), ended, ending])
    if (first === 'ready') {
      console.log(welcome(socketPath))
      await Promise.race([ended, ending])
    }
    return await endDaemon(vaned, ended)
  } finally {
    await closeUpstream(upstream)
    await rm(socketDir, { recursive: true, force: true })
  }
}

/** Resolves at the first signal that asks for an end. Later ones (a terminal and pnpm both send some) change nothing. */
function endOnSignals(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}

function startDaemon(socketPath: string): ChildProcess {
  return spawn(process.execPath, [VANED, '--config', options.config], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VANE_STATE_DIR: options.state, VANE_MGMT_UNIX: socketPath, VANE_BIND_MAX_ATTEMPTS: '1' },
  })
}

/** Ends the daemon if it still runs. A daemon that ended by itself hands on its code, any other end is as asked. */
async function endDaemon(vaned: ChildProcess, ended: Promise<[number | null, string | null]>): Promise<number> {
  if (vaned.exitCode !== null || vaned.signalCode !== null) return vaned.exitCode ?? 1
  vaned.kill('SIGINT')
  // It ends on its own within seconds; nothing may outlive the quickstart.
  const timer = setTimeout(() => vaned.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
  console.log('the quickstart has ended')
  return 0
}

async function untilReady(): Promise<void> {
  const deadlineMs = Date.now() + READY_DEADLINE_MS
  while (!(await answers(port))) {
    if (Date.now() > deadlineMs)
      throw new Hint(`the daemon did not listen on port ${port} within ${READY_DEADLINE_MS / 1_000} s`)
    await delay(50)
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

async function installPlugin(): Promise<void> {
  const wasmDir = join(options.config, 'wasm')
  await mkdir(wasmDir, { recursive: true })
  await copyFile(PLUGIN, join(wasmDir, 'hello-ts.wasm')).catch((error: unknown) => {
    throw new Hint(
      `${relative(ROOT, PLUGIN)} is missing: start with "npx -y pnpm@10.34.8 start", which builds everything first (${String(error)})`,
    )
  })
}

async function startUpstreamOrHint(): Promise<Server> {
  const place = 'the "upstream" line of examples/quickstart/config/rules/quickstart.jsonc and --upstream-port'
  await assertFree(upstreamPort, 'the quickstart’s upstream', place)
  return startUpstream(upstreamPort)
}

async function assertFree(port: number, what: string, where: string): Promise<void> {
  const probe = createServer()
  try {
    probe.listen(port, '127.0.0.1')
    await once(probe, 'listening')
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const reason = inUse ? `port ${port} is in use` : `port ${port} cannot be had (${String(error)})`
    throw new Hint(`${reason}, and ${what} wants it; end what listens there, or change ${where}`)
  } finally {
    probe.close()
  }
}

async function closeUpstream(upstream: Server): Promise<void> {
  upstream.closeAllConnections()
  upstream.close()
  await once(upstream, 'close')
}

function welcome(socketPath: string): string {
  const bold = (text: string): string => styleText('bold', text, { stream: process.stdout })
  const list = (lines: readonly (readonly [command: string, effect: string])[]): string[] => {
    const width = Math.max(...lines.map(([command]) => command.length))
    return lines.map(([command, effect]) => `  ${command.padEnd(width)}  # ${effect}`)
  }
  const rules = relative(process.cwd(), join(options.config, 'rules'))
  return [
    '',
    `${bold('Vane is running.')} It listens on ${bold(base)} and proxies to http://127.0.0.1:${upstreamPort}, an upstream made for this example.`,
    'Try, in another terminal:',
    '',
    ...list([
      [`curl -i ${base}/`, 'proxied to the upstream; the plugin adds the header x-vane'],
      [`curl -i ${base}/hello`, 'answered by the plugin'],
      [`curl -i ${base}/headers`, 'what the upstream got'],
      [`curl -i ${base}/teapot`, 'answered by a rule'],
    ]),
    '',
    ...list([
      [`npx -y pnpm@10.34.8 -s vane stats --socket ${socketPath}`, 'what the daemon did'],
      [`npx -y pnpm@10.34.8 -s vane reload --socket ${socketPath}`, `after a change in ${rules}`],
    ]),
    '',
    `${bold('Ctrl-C')} ends it.`,
    '',
  ].join('\n')
}
