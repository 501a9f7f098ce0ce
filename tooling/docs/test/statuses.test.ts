import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluginExhaustedError, PluginTrapError, type PluginCallSite, type WasmRuntime } from 'vane-core'
import { createEngine, type Engine } from 'vane-engine'
import { compile } from 'vane-engine/compile'
import { issueCertificate } from 'vane-testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rawRequest } from '../src/raw-request.ts'
import { tableUnder } from '../src/read-tables.ts'
import { readPage } from '../src/repository.ts'

/** An upstream that accepts and never answers. */
let silent: Server
let engine: Engine
let dir: string
let socketPath: string

const site = (l7Request: PluginCallSite['l7Request']): PluginCallSite => ({
  l7Request,
  l4Peek: () => ({ tag: 'continue' }),
  l4Bytes: () => ({ tag: 'continue' }),
  l7Response: () => ({ tag: 'continue' }),
  release: () => {},
})
const SITES: Readonly<Record<string, PluginCallSite>> = {
  traps: site(() => {
    throw new PluginTrapError('for the test')
  }),
  exhausted: site(() => {
    throw new PluginExhaustedError()
  }),
  reads: site(() => ({ tag: 'continue' })),
}

const unused = (): never => {
  throw new Error('nobody calls this')
}
const WASM: WasmRuntime = {
  loadComponent: unused,
  prepareCallSite: async (_module, exportName) => SITES[exportName]!,
  invokeL4Peek: unused,
  invokeL4Bytes: unused,
  invokeL7Request: unused,
  invokeL7Response: unused,
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vane-docs-'))
  socketPath = join(dir, 's')
  silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(join(dir, 'silent'), resolve))
  const { cert, key } = issueCertificate({ commonName: 'b.test', dnsNames: ['b.test'] })
  await writeFile(join(dir, 'b.pem'), cert)
  await writeFile(join(dir, 'b.key'), key)
  engine = createEngine({
    wasm: WASM,
    configDir: dir,
    limits: { headerTimeoutMs: 200 },
  })
  const proxy = (path: string): object => ({
    type: 'unix_proxy',
    path: join(dir, path),
    timeouts: { first_byte: '100ms' },
  })
  const rule = (path: string, rest: object): object => ({
    name: path,
    listen: [`unix:${socketPath}`],
    match: { 'http.uri.path': { equals: path } },
    max_body_bytes_request: 10,
    terminate: { type: 'static', status: 200 },
    ...rest,
  })
  const { graph, diagnostics } = compile({
    files: [
      {
        path: 'rules/statuses.json',
        text: JSON.stringify({
          rules: [
            ...Object.keys(SITES).map((name) => rule(`/${name}`, { middleware_chain: [{ use: `p:${name}` }] })),
            rule('/ok', {}),
            rule('/unreachable', { terminate: proxy('nobody') }),
            rule('/slow', { terminate: proxy('silent') }),
            rule('/secure', {
              listen: [`unix:${join(dir, 'tls')}`],
              tls: { sni: 'b.test', cert_file: 'b.pem', key_file: 'b.key' },
            }),
          ],
        }),
      },
    ],
    middleware: {
      builtins: {},
      // A file that exists: the engine wants its canonical path.
      plugin: () => ({
        path: import.meta.filename,
        meta: { kind: 'l7-request', stateless: true, needsBody: true, inspects: [] },
      }),
    },
  })
  expect(diagnostics).toEqual([])
  await engine.start(await engine.link(graph!))
})

afterAll(async () => {
  await engine.close()
  silent.close()
  await rm(dir, { recursive: true, force: true })
})

const get = (path: string, rest = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${rest}\r\n`
const CASES: Readonly<Record<string, string>> = {
  400: 'GET /ok HTTP/1.1\r\n\r\n',
  404: get('/none'),
  405: 'TRACE /ok HTTP/1.1\r\nhost: a\r\n\r\n',
  408: 'GET /ok HT',
  413: 'POST /reads HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n12345678901',
  417: get('/ok', 'expect: tea\r\n'),
  421: get('/ok'),
  431: get('/ok', `a: ${'b'.repeat(70_000)}\r\n`),
  500: get('/traps'),
  502: get('/unreachable'),
  503: get('/exhausted'),
  504: get('/slow'),
  505: 'GET /ok HTTP/3.0\r\nhost: a\r\n\r\n',
}

test('the connection is kept where nothing went wrong', async () => {
  expect(await rawRequest({ path: socketPath }, get('/ok'), get('/ok'))).toMatchObject({ status: 200, closed: false })
})

test('the table has these statuses', async () => {
  const { rows } = tableUnder(await readPage('operations'), 'What clients see')
  expect(rows.map(([status]) => status)).toEqual(Object.keys(CASES))
})

test.each(tableUnder(await readPage('operations'), 'What clients see').rows)(
  '%s: %s',
  async (status = '', _when, closes) => {
    const target = status === '421' ? { path: join(dir, 'tls'), servername: 'b.test' } : { path: socketPath }
    const reply = await rawRequest(target, CASES[status]!, get('/ok'))
    expect(reply).toMatchObject({ status: Number(status), closed: closes === 'closes' })
    expect(/^retry-after:/im.test(reply.head)).toBe(status === '503')
  },
)
