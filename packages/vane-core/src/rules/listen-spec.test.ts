import { expect, test } from 'vitest'
import { parseListenSpec } from 'vane-core'

test.each([
  [':8080', 'tcp::8080', { kind: 'any', port: 8080 }],
  ['tcp::8080', 'tcp::8080', { kind: 'any', port: 8080 }],
  ['udp::53', 'udp::53', { kind: 'any', port: 53 }],
  ['0.0.0.0:1', 'tcp:0.0.0.0:1', { kind: 'ip', host: '0.0.0.0', port: 1, family: 4 }],
  ['[::]:65535', 'tcp:[::]:65535', { kind: 'ip', host: '::', port: 65_535, family: 6 }],
  ['[2001:DB8::0:1]:080', 'tcp:[2001:db8::1]:80', { kind: 'ip', host: '2001:db8::1', port: 80, family: 6 }],
  ['unix:/run/a:1', 'tcp:unix:/run/a:1', { kind: 'unix', path: '/run/a:1' }],
  ['udp::53', 'udp::53', { kind: 'any', port: 53 }],
])('reads %s', (text, key, address) => {
  expect(parseListenSpec(text)).toEqual({ value: { key, transport: key.slice(0, 3), address } })
})

test.each([
  '',
  ':',
  '80',
  ':0',
  ':-1',
  ':1e3',
  ':65536',
  ':99999999999',
  '*:80',
  'localhost:80',
  'example.com:80',
  '1.2.3:80',
  '01.2.3.4:80',
  '::1:80',
  '[::1]',
  '[::1]80',
  '[1.2.3.4]:80',
  '[fe80::1%eth0]:80',
  '[::ffff:1.2.3.4]:80',
  'unix:',
  'unix:x',
  'unix:/a\0b',
  `unix:/${'x'.repeat(107)}`,
  'http://1.2.3.4:80',
  'quic::80',
  ' :80',
  ':80 ',
  ':8\n0',
])('refuses %j', (text) => {
  expect(parseListenSpec(text)).toMatchObject({ problem: { code: 'invalid-listen' } })
})
