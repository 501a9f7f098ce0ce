import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { checkAddress, checkUrl, NetError, PluginPolicyTable, type HttpFetchResponse } from 'vane-core'

import { createHttpFetchBackend, type ResolveHost } from './http-fetch-backend.ts'

/** A plugin's fetches within the policy, as the runtime asks for them. */
function fetchWithin(policyJson: object, resolve?: ResolveHost, isVerified = true) {
  const policy = PluginPolicyTable.fromJson(JSON.stringify({ plugin: policyJson })).getOrDefault('plugin')
  const backend = createHttpFetchBackend(resolve === undefined ? {} : { resolve })
  onTestFinished(() => backend.close())
  return (url: string): Promise<HttpFetchResponse> =>
    backend.fetch(
      { method: 'GET', url, headers: [], body: new Uint8Array() },
      {
        maxBodyBytes: policy.maxBodySize,
        timeoutMs: 5000,
        followRedirects: policy.defaultFollowRedirects,
        allowInsecure: policy.allowInsecure && !isVerified,
        checkUrl: (hop) => checkUrl(policy, hop),
        checkAddress: (hop, address) => checkAddress(policy, hop, address),
      },
      new AbortController().signal,
    )
}

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void (server.closeAllConnections(), server.close()))
  return (server.address() as AddressInfo).port
}

async function errorOf(fetch: Promise<unknown>): Promise<NetError['value']> {
  const error: unknown = await fetch.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof NetError)) throw new Error('the fetch did not end as a net-error', { cause: error })
  return error.value
}

test.each([
  ['loopback', '127.0.0.2'],
  ['loopback with parts left out', '127.2'],
  ['loopback in decimal', '2130706434'],
  ['loopback in octal', '0177.0.0.02'],
  ['loopback in hexadecimal', '0x7f.0.0.2'],
  ['loopback of IPv6', '[::1]'],
  ['loopback, mapped', '[::ffff:127.0.0.2]'],
  ['the metadata service', '169.254.169.254'],
  ['the metadata service in decimal', '2852039166'],
  ['a private network', '10.0.0.1'],
  ['a private network, mapped', '[::ffff:10.0.0.1]'],
  ['a private network, mapped, in hexadecimal', '[::ffff:a00:1]'],
  ['a unique local address', '[fd00::1]'],
  ['a link-local address', '[fe80::1]'],
  ['no address at all', '0.0.0.0'],
  ['full-width digits', '１２７.0.0.2'],
])('a redirect to %s is not followed, though any host is allowed', async (_what, host) => {
  let requests = 0
  const port = await serve((_request, response) => {
    requests++
    response
      .writeHead(302, { location: `http://${host.replaceAll(/[^\x20-\x7e]/g, encodeURIComponent)}:${port}/` })
      .end()
  })
  // The first hop is to an address that is named literally; `*` allows every name but no such address.
  const fetch = fetchWithin({ allowed_hosts: ['*', `127.0.0.1:${port}`] })
  expect(await errorOf(fetch(`http://127.0.0.1:${port}/`))).toMatchObject({ tag: 'not-allowed' })
  expect(requests).toBe(1)
})

test('a redirect to a host that is not allowed is not even resolved', async () => {
  const resolved: string[] = []
  const port = await serve((_request, response) =>
    response.writeHead(307, { location: `http://evil.test:${port}/` }).end(),
  )
  const fetch = fetchWithin({ allowed_hosts: [`127.0.0.1:${port}`] }, async (host) => {
    resolved.push(host)
    return ['127.0.0.1']
  })
  expect(await errorOf(fetch(`http://127.0.0.1:${port}/`))).toMatchObject({ tag: 'not-allowed' })
  expect(resolved).toEqual([])
})

test.each([
  ['127.0.0.1'],
  ['10.1.2.3'],
  ['169.254.169.254'],
  ['::1'],
  ['::ffff:10.0.0.1'],
  ['fe80::1'],
  ['64:ff9b::a00:1'],
])('a name that resolves to %s is not connected to', async (address) => {
  const fetch = fetchWithin({ allowed_hosts: ['rebinding.test'] }, async () => [address])
  const error = await errorOf(fetch('http://rebinding.test/'))
  expect(error).toMatchObject({ tag: 'not-allowed' })
  // Names must not become a way to map a network.
  expect(JSON.stringify(error)).not.toContain(address)
})

test('a name is resolved once for a connection: what it resolves to next changes nothing', async () => {
  const port = await serve((_request, response) => response.end('ok'))
  let lookups = 0
  // Asked again by whoever connects, it would lead to where nobody listens.
  const fetch = fetchWithin({ allowed_hosts: ['a.test'], allow_private_addresses: true }, async () =>
    lookups++ === 0 ? ['127.0.0.1'] : ['127.9.9.9'],
  )
  expect(Buffer.from((await fetch(`http://a.test:${port}/`)).body).toString()).toBe('ok')
  expect(lookups).toBe(1)
})

test('of several addresses only one that is allowed is connected to', async () => {
  const port = await serve((_request, response) => response.end('ok'))
  const fetch = fetchWithin({ allowed_hosts: ['a.test'] }, async () => ['10.0.0.1', '127.0.0.1'])
  expect(await errorOf(fetch(`http://a.test:${port}/`))).toMatchObject({ tag: 'not-allowed' })
})

test('a header of more than an upstream may send ends the fetch', async () => {
  const port = await serve((_request, response) => response.writeHead(200, { 'x-huge': 'h'.repeat(1_000_000) }).end())
  const error = await errorOf(fetchWithin({ allowed_hosts: [`127.0.0.1:${port}`] })(`http://127.0.0.1:${port}/`))
  expect(error).toMatchObject({ tag: 'internal' })
})

/** A key and a certificate that nobody has signed. */
async function selfSigned(): Promise<{ key: Buffer; cert: Buffer } | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'vane-cert-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const what = ['-subj', '/CN=a.test', '-addext', 'subjectAltName=DNS:a.test', '-days', '2']
  try {
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...what,
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return { key: await readFile(key), cert: await readFile(cert) }
}

test('a certificate that nobody trusts is taken where call and policy say so, and nowhere else', async (context) => {
  const pair = await selfSigned()
  if (pair === undefined) return context.skip('openssl is not installed')
  const server = createTlsServer(pair, (_request, response) => response.end('secret'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void (server.closeAllConnections(), server.close()))
  const url = `https://a.test:${(server.address() as AddressInfo).port}/`
  const policy = { allowed_hosts: ['a.test'], allow_private_addresses: true }
  const resolve: ResolveHost = async () => ['127.0.0.1']
  for (const [allowInsecure, isVerified] of [
    [false, true],
    [true, true],
    [false, false],
  ] as const) {
    const fetch = fetchWithin({ ...policy, allow_insecure: allowInsecure }, resolve, isVerified)
    expect(await errorOf(fetch(url))).toMatchObject({ tag: 'tls-error' })
  }
  const insecure = fetchWithin({ ...policy, allow_insecure: true }, resolve, false)
  expect(Buffer.from((await insecure(url)).body).toString()).toBe('secret')
})
