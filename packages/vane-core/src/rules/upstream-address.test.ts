import { expect, test } from 'vitest'
import { parseUpstreamAddress } from 'vane-core'

test.each([
  ['127.0.0.1:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
  ['[2001:DB8::1]:443', { kind: 'tcp', host: '2001:db8::1', port: 443 }],
  ['App_1.Internal.:8080', { kind: 'tcp', host: 'app_1.internal.', port: 8080 }],
  ['xn--bcher-kva.example:1', { kind: 'tcp', host: 'xn--bcher-kva.example', port: 1 }],
  ['unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }],
])('reads %s', (text, value) => {
  expect(parseUpstreamAddress(text)).toEqual({ value })
})

test.each([
  '',
  ':80',
  'app',
  'app:',
  'app:0',
  'app:65536',
  '::1:80',
  '[::1%lo]:80',
  '[app]:80',
  'a..b:80',
  '-a:80',
  'a-:80',
  '127.1:80',
  '0x7f.1:80',
  '127.0.0.01:80',
  'bücher:80',
  'a/b:80',
  'u@app:80',
  'unix:app',
  'unix:',
  `${'a'.repeat(64)}:80`,
])('refuses %j', (text) => {
  expect(parseUpstreamAddress(text)).toMatchObject({ problem: { code: 'invalid-upstream' } })
})

test.each([
  ['http://app/', 'app:80'],
  ['https://app', 'app:443'],
  ['ws://app:3000/chat', 'app:3000'],
  ['wss://app/chat?x', 'app:443'],
])('takes %s for a URL, and says that %s is meant', (text, meant) => {
  expect(parseUpstreamAddress(text)).toEqual({
    problem: {
      code: 'invalid-upstream',
      message: `an upstream is an address, "${text}" is a URL`,
      suggestion: `write "${meant}"`,
    },
  })
})
