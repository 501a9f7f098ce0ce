import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'

const START = resolve(import.meta.dirname, '../start.ts')
const VANE = resolve(import.meta.dirname, '../../../apps/vane/dist/main.js')

interface Quickstart {
  readonly child: ChildProcess
  readonly base: string
  readonly configDir: string
  /** Everything printed so far, both streams. */
  output(): string
  /** Resolves once something was printed that `matches`; rejects when the process ends without. */
  printed(matches: RegExp): Promise<RegExpExecArray>
  ended(): Promise<number | null>
}

async function listenAnywhere(): Promise<{ server: Server; port: number }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

async function freePort(): Promise<number> {
  const { server, port } = await listenAnywhere()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a copy of the quickstart on ports of its own. */
async function start(ports: { port?: number } = {}): Promise<Quickstart> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-quickstart-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const configDir = join(dir, 'config')
  cpSync(resolve(import.meta.dirname, '../config'), configDir, { recursive: true })
  const port = ports.port ?? (await freePort())
  const upstreamPort = await freePort()
  const rules = join(configDir, 'rules/quickstart.jsonc')
  writeFileSync(
    rules,
    readFileSync(rules, 'utf8').replaceAll(':8080', `:${port}`).replaceAll(':9080', `:${upstreamPort}`),
  )

  const args = [
    '--config',
    configDir,
    '--port',
    String(port),
    '--upstream-port',
    String(upstreamPort),
    '--state',
    join(dir, 'state'),
  ]
  const child = spawn(process.execPath, [START, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'close') as Promise<[number | null]>
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exit
  })
  let text = ''
  const collect = (chunk: Buffer): void => void (text += chunk.toString())
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return {
    child,
    configDir,
    base: `http://127.0.0.1:${port}`,
    output: () => text,
    async printed(matches: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = matches.exec(text)
        if (found !== null) return found
        const over = await Promise.race([exit.then(() => true), once(child.stdout, 'data').then(() => false)])
        if (over && !matches.test(text)) throw new Error(`it ended without printing ${matches}:\n${text}`)
      }
    },
    ended: async () => (await exit)[0],
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the quickstart', () => {
  it('proxies, with the plugin on the way, and ends cleanly on Ctrl-C', { timeout: 90_000 }, async () => {
    const quickstart = await start()
    const { base } = quickstart
    await quickstart.printed(/Vane is running/)
    for (const path of ['/', '/hello', '/headers', '/teapot'])
      expect(quickstart.output()).toContain(`curl -i ${base}${path}`)

    const proxied = await fetch(`${base}/`)
    expect(proxied.status).toBe(200)
    expect(proxied.headers.get('x-vane')).toBe('stamped by a plugin')
    expect(await proxied.text()).toMatch(/^this is the upstream/)

    expect(await (await fetch(`${base}/hello`)).text()).toBe('Hello from a plugin, 127.0.0.1!\n')
    expect(await (await fetch(`${base}/headers`)).json()).toMatchObject({
      url: '/headers',
      headers: { 'x-forwarded-for': '127.0.0.1' },
    })
    expect((await fetch(`${base}/teapot`)).status).toBe(418)
    expect(await (await fetch(`${base}/echo`, { method: 'POST', body: 'there and back' })).text()).toBe(
      'there and back',
    )

    const [, socket = ''] = await quickstart.printed(/stats --socket (\S+)/)
    const vane = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)(process.execPath, [VANE, ...args, '--socket', socket])).stdout
    expect(await vane('ping')).toMatch(/^vaned \S+ answers: serving/)
    const stats = JSON.parse(await vane('stats', '--json')) as { pid: number; requests: { total: number } }
    expect(stats.requests.total).toBeGreaterThanOrEqual(5)
    expect(await vane('stats')).toContain(`127.0.0.1:${new URL(base).port}`)
    expect(await vane('get', 'pools')).toMatch(/hello-ts\.wasm\tgreet\t/)

    const rules = join(quickstart.configDir, 'rules/quickstart.jsonc')
    const before = readFileSync(rules, 'utf8')
    writeFileSync(rules, before.replace('418', '"teapot"'))
    await expect(vane('reload')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/quickstart\.jsonc:\d+:\d+/) as string,
    })
    writeFileSync(rules, before.replace('418', '200'))
    // Unless the daemon saw it by itself before it was asked.
    expect(await vane('reload')).toMatch(/^(?:reloaded in|nothing changed)/)
    expect((await fetch(`${base}/teapot`)).status).toBe(200)

    quickstart.child.kill('SIGINT')
    expect(await quickstart.ended()).toBe(0)
    expect(isAlive(stats.pid)).toBe(false)
    await expect(fetch(base)).rejects.toThrow('fetch failed')
  })

  it('says so when its port is in use', async () => {
    const { server, port } = await listenAnywhere()
    onTestFinished(() => void server.close())
    const quickstart = await start({ port })
    expect(await quickstart.ended()).toBe(1)
    expect(quickstart.output()).toMatch(
      new RegExp(
        `^cannot start: port ${port} is in use, and .* wants it; end what listens there, or change .*quickstart\\.jsonc\n$`,
      ),
    )
  })
})
