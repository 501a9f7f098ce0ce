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
