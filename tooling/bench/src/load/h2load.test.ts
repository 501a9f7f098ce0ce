import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createH2load, parseH2load } from './h2load.ts'

const OUTPUT = `TLS Protocol: TLSv1.3
Cipher: TLS_AES_128_GCM_SHA256
Server Temp Key: X25519 253 bits

finished in 2.00s, 500.00 req/s, 1.00MB/s
requests: 1005 total, 1005 started, 1005 done, 1000 succeeded, 5 failed, 2 errored, 1 timeout
status codes: 999 2xx, 1 3xx, 3 4xx, 1 5xx
`
const LOG = '1\t200\t10\n2\t200\t30\n3\t502\t900\n4\t304\t20\n'

test('requests, errors and latencies are read', () => {
  expect(parseH2load(OUTPUT, LOG)).toEqual({
    requests: 1000,
    requestsPerSecond: 500,
    p50Micros: 20,
    p99Micros: 30,
    p999Micros: 30,
    errors: 7,
  })
})

test('no result, and TLS on other terms, are errors', () => {
  expect(() => parseH2load('could not connect', LOG)).toThrow(/gave no result:\ncould not connect/)
  expect(() => parseH2load(OUTPUT.replace('TLSv1.3', 'TLSv1.2'), LOG)).toThrow(/not spoken with TLSv1\.3/)
  expect(() => parseH2load(OUTPUT.replace('AES_128', 'AES_256'), LOG)).toThrow(/not spoken with TLS_AES_128_GCM_SHA256/)
})

test('the log of the run before is gone', async () => {
  const log = join(mkdtempSync(join(tmpdir(), 'vane-h2load-')), 'log')
  writeFileSync(log, LOG)
  const request = { method: 'GET', targets: [{ path: '/' }], headers: [], bodyBytes: 0 } as const
  const plan = { url: 'https://127.0.0.1:1', request, connections: 1, seconds: 1 }
  const { args } = await createH2load({ kind: 'http2-tls', streams: 8 }).prepare(plan, log)
  expect(args).toContain(`--log-file=${log}`)
  expect(existsSync(log)).toBe(false)
})

test('a load that h2load would send otherwise is refused', async () => {
  const request = { method: 'POST', targets: [{ path: '/' }], headers: [], bodyBytes: 1 } as const
  const plan = { url: 'https://127.0.0.1:1', request, connections: 1, seconds: 1 }
  await expect(createH2load({ kind: 'http2-tls', streams: 8 }).prepare(plan, 'log')).rejects.toThrow(/GETs/)
})
