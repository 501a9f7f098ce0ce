import { describe, expect, test } from 'vitest'

import { Fields, OutgoingRequest } from './wasi-http-types.ts'
import { WasiFailure, type WasiHost } from './wasi-host.ts'
import type { InputStream, OutputStream } from './wasi-io.ts'
import { createWasi } from './wasi.ts'

interface Callable {
  [name: string]: (...args: unknown[]) => unknown
}

function open(...interfaces: string[]): { imports: Record<string, Callable>; written: string[] } {
  const written: string[] = []
  const host: WasiHost = {
    writeOutput: (stream, bytes) => void written.push(`${stream}: ${Buffer.from(bytes).toString()}`),
    trap: (reason) => {
      throw new Error(`trap: ${reason}`)
    },
  }
  return { imports: createWasi(interfaces, host) as Record<string, Callable>, written }
}

function failureOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    if (error instanceof WasiFailure) return error.payload
    throw error
  }
  throw new Error('it did not fail')
}

test('only what a component imports is made', () => {
  expect(Object.keys(open('wasi:cli/exit', 'wasi:io/poll').imports)).toEqual(['wasi:cli/exit', 'wasi:io/poll'])
})

test('standard streams', () => {
  const { imports, written } = open('wasi:cli/stdin', 'wasi:cli/stdout', 'wasi:cli/stderr')
  const stdout = imports['wasi:cli/stdout']?.['getStdout']?.() as OutputStream
  const stderr = imports['wasi:cli/stderr']?.['getStderr']?.() as OutputStream
  stdout.write(Buffer.from('a'))
  stderr.blockingWriteAndFlush(Buffer.from('b'))
  expect(written).toEqual(['stdout: a', 'stderr: b'])
  const stdin = imports['wasi:cli/stdin']?.['getStdin']?.() as InputStream
  for (const read of ['read', 'blockingRead', 'skip', 'blockingSkip'] as const)
    expect(failureOf(() => stdin[read]())).toEqual({ tag: 'closed' })
})

describe('what would reach outside', () => {
  test.each(['createTcpSocket', 'createUdpSocket', 'resolveAddresses'])('%s is denied', (name) => {
    const { imports } = open('wasi:sockets/tcp-create-socket')
    expect(failureOf(() => imports['wasi:sockets/tcp-create-socket']?.[name]?.())).toBe('access-denied')
  })

  test('an http request can be built, and sending it is denied', () => {
    const { imports } = open('wasi:http/outgoing-handler', 'wasi:http/types')
    const fields = Fields.fromList([['a', Buffer.from('1')]])
    fields.append('a', Buffer.from('2'))
    fields.set('b', [Buffer.from('3')])
    fields.delete('a')
    expect(fields.entries()).toEqual([['b', Buffer.from('3')]])
    expect([fields.has('b'), fields.has('a'), fields.clone().get('b')]).toEqual([true, false, [Buffer.from('3')]])
    const request = new OutgoingRequest(fields)
    request.setMethod()
    request.body().write().write(Buffer.from('x'))
    expect(request.headers()).toBe(fields)
    expect(failureOf(() => imports['wasi:http/outgoing-handler']?.['handle']?.(request))).toEqual({
      tag: 'HTTP-request-denied',
    })
    expect(() => imports['wasi:http/types']?.['IncomingResponse']?.()).toThrow(
      'trap: wasi:http/types is denied to plugins (IncomingResponse)',
    )
  })

  test('files, environment, exit', () => {
    const { imports } = open('wasi:filesystem/preopens', 'wasi:cli/environment', 'wasi:cli/exit')
    expect(imports['wasi:filesystem/preopens']?.['getDirectories']?.()).toEqual([])
    expect(imports['wasi:cli/environment']?.['getEnvironment']?.()).toEqual([])
    expect(imports['wasi:cli/environment']?.['getArguments']?.()).toEqual([])
    expect(imports['wasi:cli/environment']?.['initialCwd']?.()).toBeUndefined()
    expect(() => imports['wasi:cli/exit']?.['exitWithCode']?.(3)).toThrow('trap: the plugin called exit with code 3')
  })
})

test('clocks tell the time, and nobody can wait for them', () => {
  const { imports } = open(
    'wasi:clocks/monotonic-clock',
    'wasi:clocks/wall-clock',
    'wasi:clocks/timezone',
    'wasi:io/poll',
  )
  const clock = imports['wasi:clocks/monotonic-clock']
  const first = clock?.['now']?.() as bigint
  expect(clock?.['now']?.()).toBeGreaterThanOrEqual(Number(first))
  const wall = imports['wasi:clocks/wall-clock']?.['now']?.() as { seconds: bigint; nanoseconds: number } | undefined
  expect(Number(wall?.seconds) * 1000 + Number(wall?.nanoseconds) / 1e6).toBeCloseTo(Date.now(), -4)
  const pollable = clock?.['subscribeDuration']?.(10n ** 12n) as { ready(): boolean; block(): void }
  pollable.block()
  expect(pollable.ready()).toBe(true)
  expect(imports['wasi:io/poll']?.['poll']?.([pollable, pollable])).toEqual([0, 1])
  expect(imports['wasi:clocks/timezone']?.['utcOffset']?.()).toBe(0)
})

test('random numbers', () => {
  const { imports } = open('wasi:random/insecure', 'wasi:random/insecure-seed')
  expect(imports['wasi:random/insecure']?.['getInsecureRandomBytes']?.(5n)).toHaveLength(5)
  expect(imports['wasi:random/insecure']?.['getInsecureRandomU64']?.()).not.toBe(
    imports['wasi:random/insecure']?.['getInsecureRandomU64']?.(),
  )
  expect(imports['wasi:random/insecure-seed']?.['insecureSeed']?.()).toEqual([expect.any(BigInt), expect.any(BigInt)])
  expect(() => imports['wasi:random/insecure']?.['getInsecureRandomBytes']?.(65_537n)).toThrow('trap: asked for 65537')
})
