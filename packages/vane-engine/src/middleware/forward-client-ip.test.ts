import { HeaderList, type Json, parseIp } from 'vane-core'
import { expect, test } from 'vitest'
import type { Flow } from '../executor/flow.ts'
import { createForwardClientIp } from './forward-client-ip.ts'

function run(
  args: Json,
  peerIp: string | undefined,
  fields: string[],
  authority = 'a.test:8080',
): Record<string, string[]> {
  const headers = new HeaderList(fields.slice())
  const flow = {
    connection: { peerIp, peerIpBytes: peerIp === undefined ? undefined : parseIp(peerIp) },
    request: { headers, authority, scheme: 'http' },
  } as unknown as Flow
  expect(createForwardClientIp(args).handle(flow)).toEqual({ tag: 'continue' })
  const seen: Record<string, string[]> = {}
  headers.forEach((name, value) => void (seen[name] ??= []).push(value))
  return seen
}

const FORGED = [
  'X-Forwarded-For',
  '6.6.6.6',
  'x-real-ip',
  '6.6.6.6',
  'Forwarded',
  'for=6.6.6.6',
  'X-Forwarded-Proto',
  'https',
  'x-kept',
  '1',
]
const TRUSTED = { trusted_proxies: ['10.0.0.0/8', '::1/128'] }

test('believes nobody by default', () => {
  expect(run({}, '192.0.2.1', FORGED)).toEqual({
    'x-kept': ['1'],
    'x-real-ip': ['192.0.2.1'],
    'x-forwarded-for': ['192.0.2.1'],
    forwarded: ['for=192.0.2.1;host="a.test:8080";proto=http'],
  })
})

test('adds to what a trusted proxy says, in one line', () => {
  const fields = [
    'x-forwarded-for',
    '203.0.113.9',
    'x-forwarded-for',
    '10.0.0.2',
    'forwarded',
    'for=203.0.113.9',
    'x-forwarded-proto',
    'https',
  ]
  expect(run(TRUSTED, '10.0.0.1', fields, 'a.test')).toEqual({
    'x-forwarded-proto': ['https'],
    'x-real-ip': ['203.0.113.9'],
    'x-forwarded-for': ['203.0.113.9, 10.0.0.2, 10.0.0.1'],
    forwarded: ['for=203.0.113.9, for=10.0.0.1;host=a.test;proto=http'],
  })
})

test.each([
  ['the last untrusted address', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['the first where all are trusted', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['what stands after an entry that is no address', 'unknown, 10.0.0.2', '10.0.0.2'],
  ['the peer where the chain ends in no address', '203.0.113.9, nonsense', '10.0.0.1'],
  ['an address that came with its port', '203.0.113.9:4711, 10.0.0.2:80', '203.0.113.9'],
  ['a trusted proxy in IPv6 clothes', '203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
])('finds the client: %s', (_what, chain, client) => {
  expect(run(TRUSTED, '10.0.0.1', ['x-forwarded-for', chain])['x-real-ip']).toEqual([client])
})

test.each([
  ['the last untrusted address', 'for=6.6.6.6, for=203.0.113.9;proto=http, for=10.0.0.2', '203.0.113.9'],
  ['IPv6 with its port', 'For="[2001:db8::9]:4711", for="10.0.0.2:80"', '2001:db8::9'],
  ['what stands after a hidden node', 'for=203.0.113.9, for=_hidden, for=10.0.0.2', '10.0.0.2'],
  ['what stands after an element without for', 'for=203.0.113.9, proto=http, for=10.0.0.2', '10.0.0.2'],
  ['no end of a quoted text at a comma in it', 'for="6.6.6.6, for=203.0.113.9";by=x, for=10.0.0.2', '10.0.0.2'],
  ['nothing in a text that is broken', 'for=203.0.113.9, for="10.0.0.2', '10.0.0.1'],
  ['what empty elements stand between', ',for=203.0.113.9, , for=10.0.0.2,', '203.0.113.9'],
])('finds the client where a trusted proxy writes Forwarded: %s', (_what, chain, client) => {
  expect(run(TRUSTED, '10.0.0.1', ['forwarded', chain])['x-real-ip']).toEqual([client])
})

test('a chain that is broken gives nobody a name, and is not passed on', () => {
  const fields = ['forwarded', 'for="6.6.6.6', 'forwarded', 'for=203.0.113.9', 'x-real-ip', '6.6.6.6']
  const seen = run(TRUSTED, '10.0.0.1', fields, 'a.test')
  expect(seen['x-real-ip']).toEqual(['10.0.0.1'])
  expect(seen['forwarded']).toEqual(['for=10.0.0.1;host=a.test;proto=http'])
})

test('takes the real address from a trusted proxy that keeps no chain', () => {
  expect(run(TRUSTED, '10.0.0.1', ['x-real-ip', '203.0.113.9'])['x-real-ip']).toEqual(['203.0.113.9'])
})

test('quotes IPv6', () => {
  const seen = run({ headers: ['forwarded', 'x-forwarded-for'] }, '2001:db8::1', [], '')
  expect(seen).toEqual({ 'x-forwarded-for': ['2001:db8::1'], forwarded: ['for="[2001:db8::1]";proto=http'] })
})

test('keeps inbound fields of anybody where it is told to', () => {
  const seen = run({ strip_inbound_forwarded: false, headers: ['x-forwarded-for'] }, '192.0.2.1', FORGED)
  expect(seen['x-forwarded-for']).toEqual(['6.6.6.6, 192.0.2.1'])
  expect(seen['forwarded']).toEqual(['for=6.6.6.6'])
})

test('has no address to give on a Unix socket', () => {
  expect(run({}, undefined, FORGED, 'a')).toEqual({ 'x-kept': ['1'], forwarded: ['for=unknown;host=a;proto=http'] })
})

test('refuses a network that is none', () => {
  expect(() => createForwardClientIp({ trusted_proxies: ['10.0.0.0/99'] })).toThrow('10.0.0.0/99')
})

test.each(['X_Forwarded_For', 'X_Real_IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Client-IP', 'Forwarded-For'])(
  'what a stranger says in %s does not pass either',
  (name) => {
    expect(JSON.stringify(run({}, '203.0.113.7', [name, '6.6.6.6', 'x-kept', '1']))).not.toContain('6.6.6.6')
  },
)

test('what a trusted proxy names is only believed where it is an address', () => {
  expect(run(TRUSTED, '10.0.0.1', ['X-Real-IP', 'ev il'])['x-real-ip']).toEqual(['10.0.0.1'])
})
