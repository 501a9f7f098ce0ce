import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http'
import { connect, type ClientHttp2Session } from 'node:http2'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'

const EXAMPLE = resolve(import.meta.dirname, '..')
const VANED = resolve(EXAMPLE, '../../apps/vaned/src/main.ts')

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Starts a daemon on a copy of the example, on a free port of its own. */
async function start(upstreamPort: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-http2-example-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const probe = createServer()
  const port = await listen(probe)
  probe.close()
  await once(probe, 'close')
  cpSync(join(EXAMPLE, 'rules'), join(dir, 'rules'), { recursive: true })
  const path = join(dir, 'rules/site.jsonc')
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replaceAll('8080', String(port)).replaceAll('8081', String(upstreamPort)),
  )
  const child = spawn(process.execPath, ['--conditions=vane-source', VANED, '--config', dir], {
    env: { ...process.env, VANE_STATE_DIR: join(dir, 'state') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (!child.kill('SIGKILL')) return
    await once(child, 'close')
  })
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()))
  while (!log.includes('is ready')) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
    if (child.exitCode !== null) throw new Error('the daemon did not start')
  }
  return port
}

async function ask(client: ClientHttp2Session, path: string, authority: string): Promise<string> {
  const stream = client.request({ ':path': path, ':authority': authority })
  let status = 0
  stream.on('response', (headers) => (status = headers[':status'] ?? 0))
  return `${await text(stream)}${status}`
}

test('the example serves both versions, each stream by itself', async () => {
  const upstream = createHttpServer((req, res) => res.end(`app ${req.url}\n`))
  const upstreamPort = await listen(upstream)
  onTestFinished(() => void upstream.close())
  const port = await start(upstreamPort)
  const client = connect(`http://127.0.0.1:${port}`)
  onTestFinished(() => client.destroy())
  const closed = client.request({ ':path': '/nothing', ':authority': 'localhost' })
  await once(closed, 'close')
  expect(closed.rstCode).toBe(8)
  expect(
    await Promise.all([
      ask(client, '/', 'localhost'),
      ask(client, '/app/x', 'localhost'),
      ask(client, '/', 'other.test'),
    ]),
  ).toEqual(['hello\n200', 'app /app/x\n200', '421 Misdirected Request\n421'])
  const answer = await new Promise<IncomingMessage>((done) => {
    get({ port, host: '127.0.0.1', path: '/', headers: { host: 'localhost' }, agent: false }, done)
  })
  expect(await text(answer)).toBe('hello\n')
})
