import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificates } from '../make-certificates.ts'

const EXAMPLES = resolve(import.meta.dirname, '..')
const VANED = resolve(EXAMPLES, '../../apps/vaned/src/main.ts')

/** Where the examples of one test are: they share an authority, and know each other's ports. */
interface Place {
  readonly root: string
  /** By the port that is written in the rules. */
  readonly ports: Map<number, number>
  /** A file of an example's certificates. */
  file(example: string, name: string): string
}

interface Started {
  /** Makes all certificates anew and has them taken over. */
  renew(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function createPlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'vane-tls-example-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  makeCertificates(root)
  return {
    root,
    ports: new Map(),
    file: (example, name) => readFileSync(join(root, example, 'certs', name), 'utf8'),
  }
}

/** Starts a daemon on a copy of an example, on ports of its own. */
async function start({ root, ports }: Place, example: string): Promise<Started> {
  const dir = join(root, example)
  cpSync(join(EXAMPLES, example, 'rules'), join(dir, 'rules'), { recursive: true })
  for (const name of readdirSync(join(dir, 'rules'))) {
    const path = join(dir, 'rules', name)
    let rules = readFileSync(path, 'utf8')
    for (const written of new Set(rules.match(/\b8\d{3}\b/g))) {
      const port = ports.get(Number(written)) ?? (await freePort())
      ports.set(Number(written), port)
      rules = rules.replaceAll(written, String(port))
    }
    writeFileSync(path, rules)
  }
  const child = spawn(process.execPath, ['--conditions=vane-source', VANED, '--config', dir], {
    env: { ...process.env, VANE_STATE_DIR: join(root, `state-${example}`) },
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
    renew: async () => {
      makeCertificates(root)
      child.kill('SIGHUP')
      await said('configuration reloaded')
    },
  }
}

async function get(host: string, options: RequestOptions): Promise<{ status: number; body: string; subject: unknown }> {
  const sent = request({ host: '127.0.0.1', servername: host, headers: { host }, agent: false, ...options })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const subject = (response.socket as TLSSocket).getPeerX509Certificate()?.subject
  return { status: response.statusCode ?? 0, body: await text(response), subject }
}

describe('the examples', () => {
  test('termination: certificates by name, and new ones after a reload', async () => {
    const place = createPlace()
    const example = await start(place, 'termination')
    const port = place.ports.get(8443)!
    const ask = (host: string) => get(host, { port, ca: place.file('termination', 'ca.pem') })
    expect(await ask('shop.test')).toEqual({ status: 200, body: 'the shop\n', subject: 'CN=shop.test' })
    expect(await ask('de.shop.test')).toEqual({
      status: 200,
      body: 'the shop of a country\n',
      subject: 'CN=*.shop.test',
    })
    expect(await ask('localhost')).toEqual({ status: 404, body: 'no such shop\n', subject: 'CN=localhost' })

    const plain = requestPlain({
      host: '127.0.0.1',
      port: place.ports.get(8080)!,
      path: '/cart',
      headers: { host: 'shop.test' },
    })
    plain.end()
    const [redirect] = (await once(plain, 'response')) as [IncomingMessage]
    redirect.resume()
    expect([redirect.statusCode, redirect.headers.location]).toEqual([308, `https://shop.test:${port}/cart`])

    const before = place.file('termination', 'ca.pem')
    await example.renew()
    expect(place.file('termination', 'ca.pem')).not.toBe(before)
    expect(await ask('shop.test')).toMatchObject({ status: 200 })
  })

  test('client-certificates: each is told what its certificate opens', async () => {
    const place = createPlace()
    await start(place, 'client-certificates')
    const file = (name: string): string => place.file('client-certificates', name)
    const ask = (client?: string) =>
      get('localhost', {
        port: place.ports.get(8444)!,
        ca: file('ca.pem'),
        ...(client === undefined ? {} : { cert: file(`${client}.pem`), key: file(`${client}.key`) }),
      })
    expect(await ask()).toMatchObject({ status: 403, body: 'show a certificate\n' })
    expect(await ask('alice')).toMatchObject({ status: 200, body: 'the books\n' })
    expect(await ask('bob')).toMatchObject({ status: 200, body: 'welcome\n' })
    await expect(ask('mallory')).rejects.toThrow(/ECONNRESET|hang up|EPIPE/)
  })

  test('passthrough: one name goes through unopened, others end here', async () => {
    const place = createPlace()
    await start(place, 'termination')
    await start(place, 'passthrough')
    const options = { port: place.ports.get(8445)!, ca: place.file('passthrough', 'ca.pem') }
    const through = await get('shop.test', options)
    expect(through).toEqual({ status: 200, body: 'the shop\n', subject: 'CN=shop.test' })
    expect(await get('localhost', options)).toMatchObject({ status: 200, body: 'opened here\n' })
  })

  test('upstream: by another name, and with a certificate of our own', async () => {
    const place = createPlace()
    for (const example of ['termination', 'client-certificates', 'upstream']) await start(place, example)
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${place.ports.get(8081)!}${path}`)).text()
    expect([await ask('/'), await ask('/books')]).toEqual(['the shop\n', 'the books\n'])
  })
})
