import type { NetConnectOpts } from 'node:net'
import { Socket } from 'node:net'
import type { UpstreamAddress } from 'vane-core'
import { expect, test } from 'vitest'
import { createDialer } from './create-dialer.ts'
import { NameCache } from './resolve/name-cache.ts'

test.each<[UpstreamAddress, NetConnectOpts]>([
  [
    { kind: 'tcp', host: '192.0.2.1', port: 80 },
    { host: '192.0.2.1', port: 80, noDelay: true },
  ],
  [
    { kind: 'tcp', host: '2001:db8::1', port: 80 },
    { host: '2001:db8::1', port: 80, noDelay: true },
  ],
  [{ kind: 'unix', path: '/run/app.sock' }, { path: '/run/app.sock' }],
])('an upstream that is an address is connected to as it is, and nobody is asked: %j', (address, expected) => {
  const unasked = (): never => {
    throw new Error('nobody is to be asked')
  }
  const dialer = createDialer(address, new NameCache({ lookUp: unasked }))
  const wheres: NetConnectOpts[] = []
  const open = (): Socket =>
    dialer.open(5_000, (where) => {
      wheres.push(where)
      return new Socket()
    })
  expect(open().eventNames()).toEqual(new Socket().eventNames())
  open()
  expect(wheres[0]).toEqual(expected)
  // Nothing is made for a connection.
  expect(wheres[1]).toBe(wheres[0])
  expect([dialer.isResolving, dialer.stats()]).toEqual([false, { addresses: [], unresolved: 0 }])
})
