import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SymbolicFlowGraph } from 'vane-core'
import { createEngine } from 'vane-engine'
import { expect, test } from 'vitest'
import { answer, GraphBuilder } from './support/graph-builder.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { closedPort, startRawUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
const BIND = { backoffInitialMs: 10, backoffMaxMs: 20 }

function graphOn(...ports: number[]): SymbolicFlowGraph {
  const builder = new GraphBuilder()
  for (const port of ports) builder.listen(builder.path(answer(`port ${port}`)), port)
  return builder.build()
}

test('a port in use leaves the other listeners alone and is taken once it is free', async () => {
  const blocker = await startRawUpstream(() => {})
  const free = await closedPort()
  await using vane = await startEngine(graphOn(blocker.port, free), { bind: { ...BIND, maxAttempts: 1_000 } })
  expect(vane.engine.listeners()).toEqual([
    {
      key: `tcp:127.0.0.1:${blocker.port}`,
      addresses: [`127.0.0.1:${blocker.port}`],
      state: 'retrying',
      error: `port ${blocker.port} is in use by another process (127.0.0.1:${blocker.port}): stop that process, or change "listen"`,
    },
    { key: `tcp:127.0.0.1:${free}`, addresses: [`127.0.0.1:${free}`], state: 'listening' },
  ])
  expect(await exchangeRaw(free, GET)).toContain(`port ${free}`)
  await blocker[Symbol.asyncDispose]()
  await until('bound', () => vane.engine.listeners()[0]?.state === 'listening')
  expect(await exchangeRaw(blocker.port, GET)).toContain(`port ${blocker.port}`)
})

test('gives up after the attempts it has, and tries again at the next reload', async () => {
  const blocker = await startRawUpstream(() => {})
  const free = await closedPort()
  await using vane = await startEngine(graphOn(blocker.port, free), { bind: { ...BIND, maxAttempts: 2 } })
  await until('given up', () => vane.engine.listeners()[0]?.state === 'failed')
  await blocker[Symbol.asyncDispose]()
  await vane.engine.swap(await vane.engine.link(graphOn(blocker.port, free)))
  await until('bound', () => vane.engine.listeners()[0]?.state === 'listening')
})

test.each([
  ['all have given up', { ...BIND, maxAttempts: 2 }],
  ['the deadline passes', { ...BIND, maxAttempts: 100_000, deadlineMs: 60 }],
])('does not start where none is bound when %s', async (_when, bind) => {
  await using blocker = await startRawUpstream(() => {})
  const engine = createEngine({ bind })
  await expect(engine.start(await engine.link(graphOn(blocker.port)))).rejects.toThrow(
    `no listener could be bound: port ${blocker.port} is in use by another process`,
  )
  expect(engine.listeners()).toEqual([])
})

test('says that an address is not of this machine', async () => {
  const builder = new GraphBuilder()
  builder.listen(builder.path(answer('x')), 8080, '192.0.2.1')
  const engine = createEngine({ bind: { maxAttempts: 1 } })
  await expect(engine.start(await engine.link(builder.build()))).rejects.toThrow(
    '192.0.2.1:8080 is no address of this machine',
  )
})

test('listens on IPv4 and IPv6 where no address is named, and sees plain IPv4 peers', async () => {
  const builder = new GraphBuilder()
  const isPlain = builder.check(
    { op: 'in', field: 'remote.ip', value: ['127.0.0.1', '::1'] },
    builder.path(answer('plain')),
    builder.path(answer('mapped')),
  )
  const port = await closedPort()
  builder.entry(`tcp::${port}`, builder.node({ kind: 'upgrade', next: isPlain }), { kind: 'any', port })
  await using vane = await startEngine(builder.build())
  const [status] = vane.engine.listeners()
  expect(status?.state).toBe('listening')
  expect(status?.addresses[0]).toBe(`0.0.0.0:${port}`)
  expect(await exchangeRaw(port, GET)).toContain('plain')
  if (status?.addresses.length === 2) expect(await getOver({ host: '::1', port })).toContain('plain')
})

test('replaces the file of a dead Unix socket and leaves that of a live one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  const path = join(dir, 'vane.sock')
  const graph = (): SymbolicFlowGraph => {
    const builder = new GraphBuilder()
    const first = builder.node({ kind: 'upgrade', next: builder.path(answer('by path')) })
    return builder.entry(`tcp:unix:${path}`, first, { kind: 'unix', path }).build()
  }
  try {
    {
      await using vane = await startEngine(graph())
      expect(vane.engine.listeners()[0]?.addresses).toEqual([`unix:${path}`])
      expect(await getOver({ path })).toContain('by path')
      const second = createEngine({ bind: { maxAttempts: 1 } })
      await expect(second.start(await second.link(graph()))).rejects.toThrow(
        `unix:${path} is in use by another process`,
      )
      expect(await getOver({ path })).toContain('by path')
    }
    leaveStaleSocket(path)
    expect(statSync(path).isSocket()).toBe(true)
    await using again = await startEngine(graph())
    expect(await getOver({ path })).toContain('by path')
    await again.engine.close()
    writeFileSync(path, 'precious')
    const third = createEngine({ bind: { maxAttempts: 1 } })
    await expect(third.start(await third.link(graph()))).rejects.toThrow(path)
    expect(statSync(path).size).toBe(8)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a rule that closes ends a connection over a Unix socket, which knows no reset', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  const path = join(dir, 'vane.sock')
  try {
    const builder = new GraphBuilder()
    const graph = builder.entry(`tcp:unix:${path}`, builder.terminate('close'), { kind: 'unix', path }).build()
    await using vane = await startEngine(graph)
    expect(await getOver({ path }).catch((error: unknown) => error)).not.toContain('HTTP')
    await until('closed', () => vane.engine.stats().connections.active === 0)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

function getOver(
  address: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(address, () => socket.write(GET))
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}

/** Leaves a socket's file without a process behind it, as a killed process does. */
function leaveStaleSocket(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow('SIGKILL')
}
