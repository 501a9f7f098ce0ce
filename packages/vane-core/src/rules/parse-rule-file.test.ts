import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_PROXY_TIMEOUTS, DIAGNOSTIC_CODES, parseRuleFile, type Rule } from 'vane-core'

function parse(value: unknown, path = 'rules/x.json'): Rule[] {
  const { file, diagnostics } = parseRuleFile({ path, text: typeof value === 'string' ? value : JSON.stringify(value) })
  expect(diagnostics).toEqual([])
  return (file?.rules ?? []).filter((entry): entry is Rule => !('preset' in entry))
}

test('reads a whole rule', () => {
  const { file, diagnostics } = parseRuleFile({
    path: 'rules/x.jsonc',
    text: `{
      "$schema": "../rules.schema.json", // for editors
      "order": 7,
      "rules": [{
        "name": "app", "listen": [":8080", "tcp::8080", "[::0001]:81", "unix:/run/x.sock"],
        "priority": -3,
        "match": [
          { "http.host": { "in": ["a.test", "b.test", "a.test"] } },
          { "not": { "any_of": [{ "remote.ip": { "cidr": "10.1.2.3/8" } }, { "remote.ip": { "equals": "FE80::0:1" } }] } },
        ],
        "middleware_chain": [
          { "use": "forward_client_ip" },
          { "use": "my-plugin:on-request", "args": { "x": [1, null] }, "on_error": { "response": { "status": 503, "body": "no" } } },
          { "use": "my-plugin:other", "on_error": "close" },
        ],
        "terminate": { "type": "http_proxy", "upstream": "[::1]:80", "host": "upstream", "timeouts": { "connect": "250ms", "total": "2m" } },
        "max_body_bytes_request": 10,
      }],
    }`,
  })
  expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'network-host-bits' }])
  expect(file?.order).toBe(7)
  expect(file?.rules).toMatchObject([
    {
      name: 'app',
      listen: [
        { key: 'tcp::8080', transport: 'tcp', address: { kind: 'any', port: 8080 } },
        { key: 'tcp:[::1]:81', address: { kind: 'ip', host: '::1', port: 81, family: 6 } },
        { key: 'tcp:unix:/run/x.sock', address: { kind: 'unix', path: '/run/x.sock' } },
      ],
      match: [
        { op: 'in', field: 'http.host', value: ['a.test', 'b.test'] },
        {
          op: 'not',
          of: {
            op: 'any_of',
            of: [
              { op: 'cidr', field: 'remote.ip', value: '10.0.0.0/8' },
              { op: 'equals', field: 'remote.ip', value: 'fe80::1' },
            ],
          },
        },
      ],
      priority: -3,
      middlewareChain: [
        { use: 'forward_client_ip', args: {}, onError: undefined },
        {
          use: 'my-plugin:on-request',
          args: { x: [1, null] },
          onError: { kind: 'response', response: { status: 503, headers: [], body: 'no' } },
          source: { line: 13, column: 20 },
        },
        { use: 'my-plugin:other', onError: { kind: 'close' } },
      ],
      terminate: {
        type: 'http_proxy',
        upstream: { kind: 'tcp', host: '::1', port: 80 },
        version: 'auto',
        host: 'upstream',
        timeouts: { ...DEFAULT_PROXY_TIMEOUTS, connectMs: 250, totalMs: 120_000 },
      },
      maxBodyBytesRequest: 10,
      maxBodyBytesResponse: DEFAULT_MAX_BODY_BYTES,
      source: { line: 5, column: 17 },
    },
  ])
})

test('fills in what a rule leaves out', () => {
  const [rule] = parse({ rules: [{ name: 'a', listen: ['127.0.0.1:1'], terminate: { type: 'close' } }] })
  expect(rule).toMatchObject({
    match: [],
    priority: 0,
    middlewareChain: [],
    maxBodyBytesRequest: DEFAULT_MAX_BODY_BYTES,
    terminate: { type: 'close' },
  })
})

test.each([
  [
    { type: 'http1_proxy', upstream: 'App.test:80' },
    { type: 'http_proxy', version: 'h1', upstream: { kind: 'tcp', host: 'app.test', port: 80 } },
  ],
  [
    { type: 'unix_proxy', path: '/run/a.sock' },
    { type: 'http_proxy', version: 'auto', upstream: { kind: 'unix', path: '/run/a.sock' } },
  ],
  [
    { type: 'static', status: 201, headers: { 'X-A': ['1', '2'], b: '3' }, body: 'hi' },
    {
      type: 'static',
      response: {
        status: 201,
        headers: [
          ['X-A', '1'],
          ['X-A', '2'],
          ['b', '3'],
        ],
        body: 'hi',
      },
    },
  ],
])('reads the terminator %j', (terminate, expected) => {
  expect(parse({ rules: [{ name: 'a', listen: [':1'], terminate }] })[0]?.terminate).toMatchObject(expected)
})

test('reads presets beside rules', () => {
  const { file, diagnostics } = parseRuleFile({
    path: 'rules/x.json',
    text: JSON.stringify({
      rules: [
        { preset: 'reverse_proxy', name: 'p', listen: [':1'], args: { upstream: 'a:1', websocket: false } },
        { preset: 'static_site', name: 's', listen: [':2'], args: { status: 200, body: 'x' } },
      ],
    }),
  })
  expect(diagnostics).toEqual([])
  expect(file?.rules).toMatchObject([
    { preset: 'reverse_proxy', args: { forwardClientIp: true, timeouts: DEFAULT_PROXY_TIMEOUTS } },
    { preset: 'static_site', args: { status: 200, headers: [], body: 'x' } },
  ])
})

test('a rule with a problem does not hide the others', () => {
  const good = { name: 'good', listen: [':1'], terminate: { type: 'close' } }
  const { file, diagnostics } = parseRuleFile({
    path: 'x.json',
    text: JSON.stringify({ rules: [{ ...good, name: 1 }, good] }),
  })
  expect(diagnostics).toHaveLength(1)
  expect(file?.rules).toMatchObject([{ name: 'good' }])
})

test('keys of Object.prototype are no keys, fields, operators or types', () => {
  for (const word of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    const base = { name: 'a', listen: [':1'], terminate: { type: 'close' } }
    const texts = [
      { rules: [{ ...base, [word]: 1 }] },
      { rules: [{ ...base, match: { [word]: { equals: 'a' } } }] },
      { rules: [{ ...base, match: { 'http.host': { [word]: 'a' } } }] },
      { rules: [{ ...base, terminate: { type: word } }] },
      { rules: [{ preset: word, name: 'a', listen: [':1'], args: {} }] },
    ]
    for (const value of texts) {
      const { diagnostics } = parseRuleFile({ path: 'x.json', text: JSON.stringify(value) })
      expect(diagnostics.map((diagnostic) => diagnostic.code.replace(/-.*/, ''))).toEqual(['unknown'])
    }
  }
})

test('any text is either parsed or refused, never a throw', () => {
  const words = fc.constantFrom(
    'name',
    'listen',
    'match',
    'terminate',
    'type',
    'static',
    'http_proxy',
    'upstream',
    'rules',
    'any_of',
    'not',
    'preset',
    'http.host',
    'equals',
    'in',
    'a:1',
    ':80',
    '10.0.0.0/8',
    'use',
    'on_error',
    'response',
    'status',
    '${host}',
    '${',
    '__proto__',
    'tls',
    'cert_file',
    'managed',
    'client_auth',
    'retry',
    'backoff',
    'exponential',
    'websocket',
    'cgi',
    'tcp_forward',
    'redirect_https',
    'port_forward',
    'reverse_proxy',
    'args',
    'rate_limit',
    'composite',
    'base64',
    'AA==',
    'peek',
    'matches',
    '(a+)+$',
    'udp::53',
    'preset',
    'env',
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      words,
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(words, tie('tree'), { maxKeys: 5 }),
    ),
  }))
  const json = tree.map((value) =>
    JSON.stringify({ rules: [value, { name: 'a', listen: [':80'], match: value, terminate: value }] }),
  )
  const mangled = fc.tuple(json, fc.nat(), fc.string({ maxLength: 3 })).map(([text, at, junk]) => {
    const cut = at % (text.length + 1)
    return text.slice(0, cut) + junk + text.slice(cut + junk.length)
  })
  fc.assert(
    fc.property(fc.oneof(json, mangled, fc.string({ unit: 'binary' })), fc.boolean(), (text, comments) => {
      const { file, diagnostics } = parseRuleFile({ path: comments ? 'x.jsonc' : 'x.json', text })
      expect(file !== undefined || diagnostics.length > 0).toBe(true)
      for (const { code, span } of diagnostics) {
        expect(DIAGNOSTIC_CODES).toHaveProperty(code)
        expect(span!.offset + span!.length).toBeLessThanOrEqual(text.length)
        expect(span!.line).toBeGreaterThan(0)
        expect(span!.column).toBeGreaterThan(0)
      }
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['lists', '['],
  ['objects', '{"a":'],
  ['lists with stray closers', '[},'],
  ['objects in lists', '[{"a":'],
  ['predicates', '{"not":'],
])('a million nested %s end in a diagnostic', (_name, unit) => {
  const { diagnostics } = parseRuleFile({ path: 'x.jsonc', text: unit.repeat(1_000_000) })
  expect(diagnostics).toMatchObject([{ code: 'nesting-too-deep' }])
})
