import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const VANED = resolve(import.meta.dirname, '../../../apps/vaned/src/main.ts')
const VANE = resolve(import.meta.dirname, '../../../apps/vane/src/main.ts')
/** From sources, so that nothing has to be built for it. */
const NODE_ARGS = ['--conditions=vane-source']
const DEADLINE_MS = 60_000

/** An example that is being served. */
export interface RunningExample {
  /** The copy of its configuration directory that is served. */
  readonly dir: string
  /** Where a port of its rules really is. */
  port(written: number): number
  /** `http://127.0.0.1:PORT`. */
  base(written: number): string
  /** Everything logged so far, one JSON object a line. */
  log(): string
  /** Begins a `vane` command against it. */
  vane(...args: string[]): ReturnType<typeof spawn>
  signal(name: NodeJS.Signals): void
}

/** What an example is started with. */
export interface ExampleOptions {
  /** Ports that its rules name, each of which becomes a free one. */
  readonly ports: readonly number[]
  /** Port of the upstream that takes the place of 3000. */
  readonly upstream?: number
  /** Variables besides those that keep it to its directory. */
  readonly env?: Readonly<Record<string, string>>
  /** Changes the copy before it is served. */
  readonly prepare?: (dir: string) => void
}

/** Serves a copy of an example until the test is over. */
export async function startExample(name: string, options: ExampleOptions): Promise<RunningExample> {
  const root = mkdtempSync(join(tmpdir(), 'vane-example-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = join(root, 'config')
  cpSync(resolve(import.meta.dirname, '..', name), dir, { recursive: true })
  const ports = new Map<number, number>()
  for (const written of options.ports) ports.set(written, await freePort())
  for (const file of readdirSync(join(dir, 'rules'))) {
    const path = join(dir, 'rules', file)
    let text = readFileSync(path, 'utf8')
    for (const [written, real] of ports) text = text.replaceAll(`":${written}"`, `"127.0.0.1:${real}"`)
    writeFileSync(
      path,
      text.replaceAll('127.0.0.1:3000', `127.0.0.1:${options.upstream ?? 3000}`).replaceAll('/opt/vane-example', dir),
    )
  }
  options.prepare?.(dir)

  const socket = join(root, 'state', 'vaned.sock')
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('VANE_'))
  const env = {
    ...Object.fromEntries(inherited),
    VANE_STATE_DIR: join(root, 'state'),
    VANE_BIND_MAX_ATTEMPTS: '1',
    ...options.env,
  }
  const child = spawn(process.execPath, [...NODE_ARGS, VANED, '--config', dir], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  let log = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  await new Promise<void>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${name} was not ready in time\n${stderr}${log}`)), DEADLINE_MS)
    createInterface({ input: child.stdout }).on('line', (line) => {
      log += `${line}\n`
      if (line.includes('is ready"')) done(clearTimeout(timer))
    })
    void exit.then(() => fail(new Error(`${name} did not start\n${stderr}${log}`)))
  })
  const port = (written: number): number => ports.get(written)!
  return {
    dir,
    port,
    base: (written) => `http://127.0.0.1:${port(written)}`,
    log: () => log,
    vane: (...args) => spawn(process.execPath, [...NODE_ARGS, VANE, ...args, '--socket', socket], { env }),
    signal: (signal) => void child.kill(signal),
  }
}

/** An upstream of a test's own. @returns its port. */
export async function startUpstream(handle: RequestListener): Promise<number> {
  const server = createHttpServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
