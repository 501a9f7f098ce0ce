import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as requestPlain } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificates } from '../make-certificates.ts'

const EXAMPLES = resolve(import.meta.dirname, '..')
const VANED = resolve(EXAMPLES, '../../apps/vaned/src/main.ts')

interface Started {
  /** By the port that is written in the rules. */
  readonly ports: ReadonlyMap<number, number>
  file(name: string): string
  reload(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Starts a daemon on a copy of an example, with certificates and ports of its own.
 *
 * @param others ports of examples that run already.
 */
async function start(example: string, others: ReadonlyMap<number, number> = new Map()): Promise<Started> {
  const root = mkdtempSync(join(tmpdir(), 'vane-tls-example-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = join(root, example)
  cpSync(join(EXAMPLES, example, 'rules'), join(dir, 'rules'), { recursive: true })
  makeCertificates(root)
  const ports = new Map<number, number>()
  for (const name of readdirSync(join(dir, 'rules'))) {
    const path = join(dir, 'rules', name)
    let rules = readFileSync(path, 'utf8')
    for (const written of new Set(rules.match(/\b8\d{3}\b/g))) {
      const port = others.get(Number(written)) ?? (await freePort())
      ports.set(Number(written), port)
      rules = rules.replaceAll(written, String(port))
    }
    writeFileSync(path, rules)
  }
  const child = spawn(process.execPath, ['--conditions=vane-source', VANED, '--config', dir], {
    env: { ...process.env, VANE_STATE_DIR: join(root, 'state') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const said = async (what: string): Promise<void> => {
    while (!log.includes(what)) await once(child.stdout, 'data')
    log = ''
  }
  await said('is ready')
  return {
    ports,
    file: (name) => readFileSync(join(dir, 'certs', name), 'utf8'),
    reload: async () => {
      makeCertificates(root)
      child.kill('SIGHUP')
      await said('configuration reloaded')
    },
  }
}

async function get(host: string, options: RequestOptions): Promise<{ status: number; body: string; subject: unknown }> {
  const sent = request({ host: '127.0.0.1', servername: host, headers: { host }, agent: false, ...options })
  sent.end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  const subject = (response.socket as import('node:tls').TLSSocket).getPeerX509Certificate()?.subject
  return { status: response.statusCode ?? 0, body: await text(response), subject }
}

describe('the examples', () => {
  test('termination: certificates by name, and new ones after a reload', async () => {
    const example = await start('termination')
    const port = example.ports.get(8443)!
    const ask = (host: string) => get(host, { port, ca: example.file('ca.pem') })
    expect(await ask('shop.test')).toEqual({ status: 200, body: 'the shop\n', subject: 'CN=shop.test' })
    expect(await ask('de.shop.test')).toEqual({
      status: 200,
      body: 'the shop of a country\n',
      subject: 'CN=*.shop.test',
    })
    expect(await ask('localhost')).toEqual({ status: 404, body: 'no such shop\n', subject: 'CN=localhost' })

    const plain = requestPlain({
      host: '127.0.0.1',
      port: example.ports.get(8080)!,
      path: '/cart',
      headers: { host: 'shop.test' },
    })
    plain.end()
    const [redirect] = (await once(plain, 'response')) as [import('node:http').IncomingMessage]
    redirect.resume()
    expect([redirect.statusCode, redirect.headers.location]).toEqual([308, `https://shop.test:${port}/cart`])

    const before = example.file('ca.pem')
    await example.reload()
    expect(example.file('ca.pem')).not.toBe(before)
    expect(await ask('shop.test')).toMatchObject({ status: 200 })
  })

  test('client-certificates: each is told what its certificate opens', async () => {
    const example = await start('client-certificates')
    const ask = (client?: string) =>
      get('localhost', {
        port: example.ports.get(8444)!,
        ca: example.file('ca.pem'),
        ...(client === undefined ? {} : { cert: example.file(`${client}.pem`), key: example.file(`${client}.key`) }),
      })
    expect(await ask()).toMatchObject({ status: 403, body: 'show a certificate\n' })
    expect(await ask('alice')).toMatchObject({ status: 200, body: 'the books\n' })
    expect(await ask('bob')).toMatchObject({ status: 200, body: 'welcome\n' })
    await expect(ask('mallory')).rejects.toThrow(/ECONNRESET|hang up|EPIPE/)
  })

  test('passthrough: one name goes through unopened, others end here', async () => {
    const behind = await start('termination')
    const example = await start('passthrough', behind.ports)
    const port = example.ports.get(8445)!
    const through = await get('shop.test', { port, ca: behind.file('ca.pem') })
    expect(through).toEqual({ status: 200, body: 'the shop\n', subject: 'CN=shop.test' })
    const here = await get('localhost', { port, ca: example.file('ca.pem') })
    expect(here).toMatchObject({ status: 200, body: 'opened here\n' })
  })
})
