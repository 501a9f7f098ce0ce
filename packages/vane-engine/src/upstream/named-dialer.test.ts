import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startDeafListener } from '../../test/support/deaf-listener.ts'
import { until } from '../../test/support/until.ts'
import { SystemRoots } from '../tls/system-roots.ts'
import { TlsFiles } from '../tls/tls-files.ts'
import { createUpstreamIdentity, type UpstreamIdentity } from '../tls/upstream-tls.ts'
import { createDialer } from './create-dialer.ts'
import type { Dialer } from './dialer.ts'
import { NameCache } from './resolve/name-cache.ts'
import { NameFailure } from './resolve/name-failure.ts'
import type { NameAnswer } from './resolve/name-source.ts'
import { toUpstreamError } from './upstream-error.ts'

/** What the name stands for, and how often somebody asked. */
class TestName {
  addresses: readonly string[]
  ttlMs = 60_000
  asked = 0

  constructor(...addresses: string[]) {
    this.addresses = addresses
  }

  async lookUp(): Promise<NameAnswer> {
    this.asked++
    if (this.addresses.length === 0) throw new NameFailure('there is no such name', true)
    const addresses = this.addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const)
    return { addresses, ttlMs: this.ttlMs }
  }
}

function dialerFor(name: TestName, port: number): Dialer {
  const dialer = createDialer({ kind: 'tcp', host: 'app.test', port }, new NameCache(name))
  onTestFinished(() => dialer.unfollow())
  return dialer
}

/** Listens on an address of this machine, and tells who came. */
async function listenOn(host: string, port = 0, server: Server = createServer()): Promise<number> {
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  })
  server.listen(port, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Connects. @returns the address that it became, or why it did not. */
async function reach(dialer: Dialer, connectMs = 5_000): Promise<string> {
  const socket = dialer.open(connectMs, (where) => connect(where))
  onTestFinished(() => void socket.destroy())
  try {
    await once(socket, 'connect')
    return socket.remoteAddress!
  } catch (error) {
    return toUpstreamError(error as Error, {
      upstream: 'app.test:80',
      isConnected: false,
      hasAnswered: false,
      isIdlePickup: false,
    }).message
  }
}

test('connections go round the addresses of a name, which is asked for once', async () => {
  const port = await listenOn('127.0.0.2')
  await listenOn('127.0.0.3', port)
  const name = new TestName('127.0.0.2', '127.0.0.3')
  const dialer = dialerFor(name, port)
  const reached = [await reach(dialer), await reach(dialer), await reach(dialer), await reach(dialer)]
  expect(reached).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.2', '127.0.0.3'])
  expect(name.asked).toBe(1)
  expect(dialer.stats()).toEqual({ addresses: ['127.0.0.2', '127.0.0.3'], unresolved: 0 })
})

test('an address that refuses is passed over, and comes last for a while', async () => {
  const port = await listenOn('127.0.0.3')
  const dialer = dialerFor(new TestName('127.0.0.2', '127.0.0.3'), port)
  const attempts: string[] = []
  for (let count = 0; count < 3; count++) {
    const socket = dialer.open(5_000, (where) => connect(where))
    onTestFinished(() => void socket.destroy())
    socket.on('connectionAttempt', (address: string) => attempts.push(address))
    await once(socket, 'connect')
    expect(socket.remoteAddress).toBe('127.0.0.3')
  }
  expect(attempts).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.3', '127.0.0.3'])
})

test('an address that nothing comes back from is passed over within the time for connecting, and comes last', async () => {
  await using deaf = await startDeafListener('127.0.0.4')
  await listenOn('127.0.0.5', deaf.port)
  const dialer = dialerFor(new TestName('127.0.0.4', '127.0.0.5'), deaf.port)
  const timeouts: string[] = []
  for (let count = 0; count < 3; count++) {
    const socket = dialer.open(5_000, (where) => connect(where))
    onTestFinished(() => void socket.destroy())
    socket.on('connectionAttemptTimeout', (address: string) => timeouts.push(address))
    await once(socket, 'connect')
    expect(socket.remoteAddress).toBe('127.0.0.5')
  }
  expect(timeouts).toEqual(['127.0.0.4'])
})

test('an attempt that was given up counts against its address, unless that was at once', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  await using deaf = await startDeafListener('127.0.0.4')
  await listenOn('127.0.0.5', deaf.port)
  const dialer = dialerFor(new TestName('127.0.0.4', '127.0.0.5'), deaf.port)
  const firsts: string[] = []
  const giveUp = async (afterMs: number): Promise<void> => {
    const socket = dialer.open(5_000, (where) => connect(where))
    const [first] = (await once(socket, 'connectionAttempt')) as [string]
    firsts.push(first)
    vi.advanceTimersByTime(afterMs)
    socket.destroy()
    await once(socket, 'close')
  }
  for (const afterMs of [0, 0, 300, 0, 0]) await giveUp(afterMs)
  expect(firsts).toEqual(['127.0.0.4', '127.0.0.5', '127.0.0.4', '127.0.0.5', '127.0.0.5'])
  vi.advanceTimersByTime(10_000)
  for (const afterMs of [0, 0]) await giveUp(afterMs)
  expect(firsts.slice(-2)).toContain('127.0.0.4')
})

test('a connection that is given up waits for the name no longer', async () => {
  let question: AbortSignal | undefined
  const names = new NameCache({
    lookUp: (_host, signal) => {
      question = signal
      return new Promise(() => {})
    },
  })
  const dialer = createDialer({ kind: 'tcp', host: 'app.test', port: 80 }, names)
  const socket = dialer.open(5_000, (where) => connect(where))
  expect(dialer.isResolving).toBe(true)
  names.retire()
  expect(question?.aborted).toBe(false)
  socket.destroy()
  await once(socket, 'close')
  expect(question?.aborted).toBe(true)
  expect(dialer.isResolving).toBe(false)
})

test('both families are tried', async () => {
  const port = await listenOn('127.0.0.1')
  const dialer = dialerFor(new TestName('::1', '127.0.0.1'), port)
  expect(await reach(dialer)).toBe('127.0.0.1')
})

describe('what went wrong is said', () => {
  test('of one address', async () => {
    const port = await listenOn('127.0.0.2')
    expect(await reach(dialerFor(new TestName('127.0.0.3'), port))).toBe(
      'upstream app.test:80: cannot be connected to (ECONNREFUSED at 127.0.0.3)',
    )
  })

  test('of several', async () => {
    const port = await listenOn('127.0.0.2')
    const dialer = dialerFor(new TestName('127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7'), port)
    const told = ['127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'].map((address) => `ECONNREFUSED at ${address}`)
    expect(await reach(dialer)).toBe(`upstream app.test:80: cannot be connected to (${told.join(', ')}, and 1 more)`)
  })

  test('of a name that has none', async () => {
    const dialer = dialerFor(new TestName(), 80)
    const told = 'upstream app.test:80: name cannot be resolved (there is no such name)'
    expect([await reach(dialer), await reach(dialer)]).toEqual([told, told])
    expect(dialer.stats()).toEqual({ addresses: [], unresolved: 1 })
  })
})

describe('whoever has connections', () => {
  const follow = (dialer: Dialer): { left: string[][]; hasConnections: boolean } => {
    const follower = {
      left: [] as string[][],
      hasConnections: true,
      leaveOthers: (isCurrent: (address: string) => boolean) =>
        void follower.left.push(['127.0.0.2', '127.0.0.3', '127.0.0.4'].filter((address) => !isCurrent(address))),
    }
    dialer.follow(follower)
    return follower
  }

  test('hears what has left the name, without a new connection', async () => {
    const port = await listenOn('127.0.0.2')
    await listenOn('127.0.0.3', port)
    const name = new TestName('127.0.0.2', '127.0.0.3')
    name.ttlMs = 0
    const dialer = dialerFor(name, port)
    const follower = follow(dialer)
    await reach(dialer)
    expect(follower.left).toEqual([['127.0.0.4']])
    name.addresses = ['127.0.0.3']
    await until('the name is asked for again', () => name.asked > 1)
    expect(await until('that was heard', () => follower.left[1])).toEqual(['127.0.0.2', '127.0.0.4'])
    expect(dialer.stats().addresses).toEqual(['127.0.0.3'])
    // A name that is gone leaves connections alone.
    name.addresses = []
    await until('the name is asked for once more', () => dialer.stats().unresolved > 0)
    expect(follower.left).toHaveLength(2)
  })

  test('is not told when there are none, nor after the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const port = await listenOn('127.0.0.2')
    const dialer = dialerFor(new TestName('127.0.0.2'), port)
    const follower = follow(dialer)
    await reach(dialer)
    expect(vi.getTimerCount()).toBe(1)
    follower.hasConnections = false
    vi.runOnlyPendingTimers()
    expect(vi.getTimerCount()).toBe(0)
    await reach(dialer)
    expect(vi.getTimerCount()).toBe(1)
    dialer.unfollow()
    expect(vi.getTimerCount()).toBe(0)
    await reach(dialer)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('TLS', () => {
  const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
  const LEAF = issueCertificate({ commonName: 'up', dnsNames: ['app.test'], issuer: CA })

  async function startTls(host: string): Promise<{ port: number; sockets: TLSSocket[] }> {
    const sockets: TLSSocket[] = []
    const server = createTlsServer({ cert: LEAF.chain, key: LEAF.key, ALPNProtocols: ['h2'] }, (socket) => {
      sockets.push(socket)
      socket.write('x')
    })
    return { port: await listenOn(host, 0, server), sockets }
  }

  async function identify(port: number): Promise<UpstreamIdentity> {
    const dir = mkdtempSync(join(tmpdir(), 'vane-dialer-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    writeFileSync(join(dir, 'ca.pem'), CA.cert)
    return createUpstreamIdentity(
      {
        verifyHostname: undefined,
        insecureSkipVerify: false,
        caFile: 'ca.pem',
        clientCert: undefined,
        crls: [],
        sni: undefined,
      },
      { kind: 'tcp', host: 'app.test', port },
      { files: new TlsFiles(dir), roots: new SystemRoots() },
    )
  }

  test('asks for the name, verifies it and resumes sessions, also where the first address could not be reached', async () => {
    const { port, sockets } = await startTls('127.0.0.3')
    const identity = await identify(port)
    const dialer = dialerFor(new TestName('127.0.0.2', '127.0.0.3'), port)
    // Node tells of no session where the first address failed; the next connection goes to the other one at once.
    for (const isResumed of [false, false, true]) {
      const socket = dialer.open(5_000, (where) => identity.connect(['h2'], where)) as TLSSocket
      onTestFinished(() => void socket.destroy())
      await once(socket, 'secureConnect')
      await once(socket, 'data')
      expect([socket.remoteAddress, socket.alpnProtocol, socket.isSessionReused()]).toEqual([
        '127.0.0.3',
        'h2',
        isResumed,
      ])
      expect(sockets.at(-1)!.servername).toBe('app.test')
    }
  })
})
