import { expect, test } from 'vitest'
import { parseRuleFile } from 'vane-core'
import { compile } from './compile.ts'
import { expand, PRIVATE_NETWORKS } from './expand.ts'

function expandText(preset: object): ReturnType<typeof expand> {
  const text = JSON.stringify({ order: 3, rules: [preset] })
  return expand(parseRuleFile({ path: 'rules/x.json', text }).file!)
}

test('reverse_proxy becomes a proxy rule and one that refuses upgrades', () => {
  const { path, order, rules } = expandText({
    preset: 'reverse_proxy',
    name: 'app',
    listen: [':80'],
    args: { upstream: 'a:1' },
  })
  expect([path, order]).toEqual(['rules/x.json', 3])
  expect(rules).toMatchObject([
    {
      name: 'app/upgrade',
      match: [{ field: 'http.header.upgrade' }],
      terminate: { type: 'static', response: { status: 400 } },
    },
    {
      name: 'app',
      match: [],
      middlewareChain: [{ use: 'forward_client_ip', args: { trusted_proxies: PRIVATE_NETWORKS } }],
      terminate: { type: 'http_proxy', upstream: { kind: 'tcp', host: 'a', port: 1 }, host: 'preserve' },
    },
  ])
})

test('reverse_proxy without forward_client_ip has no middleware', () => {
  const args = { upstream: 'a:1', forward_client_ip: false }
  const { rules } = expandText({ preset: 'reverse_proxy', name: 'app', listen: [':80'], args })
  expect(rules[1]?.middlewareChain).toEqual([])
})

test.each([
  [true, []],
  [
    ['/ws', '/chat'],
    [
      {
        op: 'any_of',
        of: [
          { op: 'path_prefix', value: '/chat' },
          { op: 'path_prefix', value: '/ws' },
        ],
      },
    ],
  ],
])('reverse_proxy with websocket %j has a rule for it that is tried before the refusal', (websocket, paths) => {
  const preset = { preset: 'reverse_proxy', name: 'app', listen: [':80'], args: { upstream: 'a:1', websocket } }
  const { rules } = expandText(preset)
  expect(rules.map((rule) => rule.name)).toEqual(['app/websocket', 'app/upgrade', 'app'])
  expect(rules[0]).toMatchObject({
    match: [
      { field: 'http.header.upgrade' },
      { op: 'matches', value: '(?i)(?:^|,)[\\t ]*websocket[\\t ]*(?:,|$)' },
      ...paths,
    ],
    middlewareChain: [{ use: 'forward_client_ip' }],
    terminate: { type: 'websocket', upstream: { kind: 'tcp', host: 'a', port: 1 } },
  })
  const { graph, diagnostics } = compile({
    files: [{ path: 'rules/x.json', text: JSON.stringify({ rules: [preset] }) }],
  })
  expect(diagnostics).toEqual([])
  expect(graph?.meta.listeners['tcp::80']?.rules).toEqual(['app/websocket', 'app/upgrade', 'app'])
})

test('reverse_proxy limits before it does anything else, and brings its TLS to every rule', () => {
  const preset = {
    preset: 'reverse_proxy',
    name: 'app',
    listen: [':443'],
    tls: { cert_file: 'c', key_file: 'k' },
    args: { upstream: 'a:1', rate_limit: { rate: 5, window: '10s' } },
  }
  const { rules } = expandText(preset)
  expect(rules.map((rule) => rule.tls?.certificate)).toEqual(
    rules.map(() => ({ kind: 'files', certFile: 'c', keyFile: 'k' })),
  )
  const { graph, diagnostics } = compile({
    files: [{ path: 'rules/x.json', text: JSON.stringify({ rules: [preset] }) }],
  })
  expect(diagnostics).toEqual([])
  expect(graph?.middlewares.find(({ name }) => name === 'rate_limit')).toMatchObject({
    args: {
      key: 'remote_ip',
      rate: 5,
      burst: 5,
      window_ms: 10_000,
      on_limit: { status: 429, headers: [], body: '', body_encoding: 'utf8' },
    },
  })
  expect(rules[1]?.middlewareChain.map(({ use }) => use)).toEqual(['rate_limit', 'forward_client_ip'])
})

test('redirect_https and port_forward become one rule each', () => {
  expect(expandText({ preset: 'redirect_https', name: 'r', listen: [':80'] }).rules).toMatchObject([
    { name: 'r', match: [], terminate: { type: 'redirect_https', port: 443 } },
  ])
  const forward = (listen: string, upstream: string): unknown =>
    expandText({ preset: 'port_forward', name: 'f', listen: [listen], args: { upstream } }).rules[0]?.terminate
  expect(forward(':80', 'a:1')).toMatchObject({ type: 'tcp_forward', idleTimeoutMs: undefined })
  expect(forward('udp::53', 'a:1')).toMatchObject({ type: 'udp_forward', idleTimeoutMs: 30_000 })
})

test('static_site becomes one rule', () => {
  const { rules } = expandText({
    preset: 'static_site',
    name: 's',
    listen: [':80'],
    args: { status: 404, body: 'gone' },
  })
  expect(rules).toMatchObject([
    { name: 's', match: [], terminate: { type: 'static', response: { status: 404, body: 'gone' } } },
  ])
})

test('rules stay as they are', () => {
  expect(expandText({ name: 'r', listen: [':80'], terminate: { type: 'close' } }).rules).toMatchObject([{ name: 'r' }])
})

test('what presets become compiles, with the defaults of the middleware filled in', () => {
  const text = JSON.stringify({
    rules: [{ preset: 'reverse_proxy', name: 'app', listen: [':80'], args: { upstream: 'a:1' } }],
  })
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/x.json', text }] })
  expect(diagnostics).toEqual([])
  expect(graph?.meta.listeners['tcp::80']?.rules).toEqual(['app/upgrade', 'app'])
  expect(graph?.middlewares[0]?.args).toEqual({
    headers: ['x-forwarded-for', 'x-real-ip', 'forwarded'],
    trusted_proxies: PRIVATE_NETWORKS,
    strip_inbound_forwarded: true,
  })
})
