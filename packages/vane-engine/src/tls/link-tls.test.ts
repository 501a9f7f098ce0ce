import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueCertificate } from 'vane-testkit'
import { expect, onTestFinished, test } from 'vitest'
import { compileOn, writeFiles } from '../../test/support/start-rules.ts'
import { hashTlsFiles } from './hash-tls-files.ts'
import { type LinkedTls, linkTls } from './link-tls.ts'
import { SystemRoots } from './system-roots.ts'
import { TicketKeys } from './ticket-keys.ts'
import { TlsFiles } from './tls-files.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })

const rule = (host: string, tls: object): object => ({
  name: host,
  match: { 'http.host': { equals: host } },
  terminate: { type: 'http_proxy', upstream: `${host}:443`, tls },
})

function link(dir: string, rules: readonly object[]): { linked: Promise<LinkedTls>; hashes: Promise<string[]> } {
  const files = new TlsFiles(dir)
  const graph = compileOn(8080, rules)
  const linked = linkTls(graph, { files, ticketKeys: new TicketKeys(), roots: new SystemRoots(), alpn: [] })
  const hashes = linked.then(async () => [await files.digest(), await hashTlsFiles(graph, dir)])
  hashes.catch(() => {})
  return { linked, hashes }
}

function createDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vane-link-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeFiles(dir, { 'ca.pem': CA.cert, 'ca.key': CA.key })
  return dir
}

test('upstreams get their identities, and the files of both sides are hashed', async () => {
  const clientCert = { cert_file: 'ca.pem', key_file: 'ca.key' }
  const { linked, hashes } = link(createDir(), [
    rule('a.test', {}),
    rule('b.test', { ca_file: 'ca.pem', client_cert: clientCert }),
    rule('c.test', { insecure_skip_verify: true }),
    { name: 'plain', terminate: { type: 'http_proxy', upstream: 'a.test:80' } },
  ])
  const { identities, warnings } = await linked
  expect([...identities.values()].map(({ verifiedName }) => verifiedName).toSorted()).toEqual([
    'a.test',
    'b.test',
    undefined,
  ])
  expect(warnings).toEqual([
    expect.stringMatching(
      /^rule "c.test" \(rules\/x.json:\d+:\d+\): tls: the certificate of the upstream "c.test:443" is not verified/,
    ),
  ])
  const [read, hashed] = await hashes
  expect(read).toBe(hashed)
})

test('what is wrong with upstreams is told at once, each with rule, file and line', async () => {
  const { linked } = link(createDir(), [
    rule('a.test', { ca_file: 'gone.pem' }),
    rule('b.test', { crls: ['ca.pem'] }),
    rule('c.test', { client_cert: { cert_file: 'ca.pem', key_file: 'ca.pem' } }),
  ])
  const error: unknown = await linked.catch((cause: unknown) => cause)
  expect(error).toMatchObject({ category: { kind: 'compile' } })
  expect((error as Error).message.split('\n').toSorted()).toEqual([
    expect.stringMatching(
      /^rule "a.test" \(rules\/x.json:\d+:\d+\): tls: ca_file "gone.pem" cannot be read: it does not exist$/,
    ),
    expect.stringMatching(/^rule "b.test" .*: tls: crls "ca.pem" holds no revocation list/),
    expect.stringMatching(/^rule "c.test" .*: tls: key_file "ca.pem" holds no private key/),
  ])
})
