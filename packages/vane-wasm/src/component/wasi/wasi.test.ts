import { describe, expect, test } from 'vitest'

import type { WasiHost, WasiResult } from './wasi-host.ts'
import { OutputStream } from './wasi-io.ts'
import { findWasi } from './wasi.ts'

function open(): { call: (id: string, name: string, ...args: unknown[]) => unknown; written: string[] } {
  const written: string[] = []
  const host: WasiHost = {
    writeOutput: (stream, bytes) => void written.push(`${stream}: ${Buffer.from(bytes).toString()}`),
    trap: (reason) => {
      throw new Error(`trap: ${reason}`)
    },
  }
  return { call: (id, name, ...args) => findWasi(id, name, host)(...(args as never[])), written }
}

function failureOf(result: unknown): unknown {
  const { tag, val } = result as WasiResult
  expect(tag).toBe('err')
  return val
}

describe('standard streams', () => {
  test('output goes to the log', () => {
    const { call, written } = open()
    const stdout = call('wasi:cli/stdout', 'get-stdout')
    const stderr = call('wasi:cli/stderr', 'get-stderr')
    expect(call('wasi:io/streams', '[method]output-stream.check-write', stdout)).toEqual({ tag: 'ok', val: 4096n })
    expect(call('wasi:io/streams', '[method]output-stream.write', stdout, Buffer.from('a'))).toEqual({ tag: 'ok' })
    call('wasi:io/streams', '[method]output-stream.blocking-write-and-flush', stderr, Buffer.from('b'))
    expect(written).toEqual(['stdout: a', 'stderr: b'])
  })

  test('input is at its end', () => {
    const { call } = open()
    const stdin = call('wasi:cli/stdin', 'get-stdin')
    for (const name of ['read', 'blocking-read', 'skip', 'blocking-skip']) {
      expect(failureOf(call('wasi:io/streams', `[method]input-stream.${name}`, stdin, 1n))).toEqual({ tag: 'closed' })
    }
  })

  test('as much is written at once as was allowed, and more is a trap', () => {
    const { call, written } = open()
    const stdout = call('wasi:cli/stdout', 'get-stdout')
    for (const name of ['write', 'blocking-write-and-flush']) {
      const write = (length: number): unknown =>
        call('wasi:io/streams', `[method]output-stream.${name}`, stdout, Buffer.alloc(length, '\n'))
      expect(write(4096)).toEqual({ tag: 'ok' })
      expect(() => write(4097)).toThrow('wrote 4097 bytes at once, more than the limit of 4096')
    }
    expect(written).toHaveLength(2)
  })

  test('something else than a stream is a trap', () => {
    const { call, written } = open()
    for (const stream of [undefined, {}, call('wasi:cli/stdin', 'get-stdin')]) {
      expect(() => call('wasi:io/streams', '[method]output-stream.write', stream, Buffer.from('a'))).toThrow('trap: ')
    }
    expect(() => call('wasi:io/streams', '[method]output-stream.write', new OutputStream(() => {}), 'a')).toThrow(
      'trap: ',
    )
    expect(written).toEqual([])
  })
})

describe('what would reach outside', () => {
  test.each(['create-tcp-socket', 'create-udp-socket', 'resolve-addresses'])('%s is denied', (name) => {
    expect(failureOf(open().call('wasi:sockets/tcp-create-socket', name))).toBe('access-denied')
  })

  test('an http request can be built, is forgotten, and sending it is denied', () => {
    const { call } = open()
    const types = 'wasi:http/types'
    const fields = (call(types, '[static]fields.from-list', [['a', Buffer.from('1')]]) as WasiResult).val
    expect(call(types, '[method]fields.append', fields, 'a', Buffer.from('2'))).toEqual({ tag: 'ok' })
    expect(call(types, '[method]fields.entries', fields)).toEqual([])
    expect(call(types, '[method]fields.has', fields, 'a')).toBe(false)
    const request = call(types, '[constructor]outgoing-request', fields)
    expect(call(types, '[method]outgoing-request.set-method', request)).toEqual({ tag: 'ok' })
    const { val: body } = call(types, '[method]outgoing-request.body', request) as WasiResult
    const { val: stream } = call(types, '[method]outgoing-body.write', body) as WasiResult
    expect(call('wasi:io/streams', '[method]output-stream.write', stream, Buffer.from('x'))).toEqual({ tag: 'ok' })
    expect(failureOf(call('wasi:http/outgoing-handler', 'handle', request))).toEqual({ tag: 'HTTP-request-denied' })
  })

  test.each([
    ['wasi:http/types', '[method]incoming-response.status'],
    ['wasi:filesystem/types', '[method]descriptor.read'],
    ['wasi:sockets/tcp', '[method]tcp-socket.start-bind'],
    ['wasi:cli/terminal-input', 'x'],
    ['wasi:io/streams', 'toString'],
    ['wasi:io/streams', '__proto__'],
  ])('%s %s is a trap', (id, name) => {
    expect(() => open().call(id, name)).toThrow(`trap: ${id} is denied to plugins (${name})`)
  })

  test('files, environment, exit', () => {
    const { call } = open()
    expect(call('wasi:filesystem/preopens', 'get-directories')).toEqual([])
    expect(call('wasi:cli/environment', 'get-environment')).toEqual([])
    expect(call('wasi:cli/environment', 'get-arguments')).toEqual([])
    expect(call('wasi:cli/environment', 'initial-cwd')).toBeUndefined()
    expect(call('wasi:cli/terminal-stdout', 'get-terminal-stdout')).toBeUndefined()
    expect(() => call('wasi:cli/exit', 'exit-with-code', 3)).toThrow('trap: the plugin called exit with code 3')
  })
})

test('clocks tell the time, and nobody can wait for them', () => {
  const { call } = open()
  const first = call('wasi:clocks/monotonic-clock', 'now') as bigint
  expect((call('wasi:clocks/monotonic-clock', 'now') as bigint) >= first).toBe(true)
  const wall = call('wasi:clocks/wall-clock', 'now') as { seconds: bigint; nanoseconds: number }
  expect(Number(wall.seconds) * 1000 + wall.nanoseconds / 1e6).toBeCloseTo(Date.now(), -4)
  const pollable = call('wasi:clocks/monotonic-clock', 'subscribe-duration', 10n ** 12n)
  expect(call('wasi:io/poll', '[method]pollable.ready', pollable)).toBe(true)
  expect(call('wasi:io/poll', '[method]pollable.block', pollable)).toBeUndefined()
  expect(call('wasi:io/poll', 'poll', [pollable, pollable])).toEqual([0, 1])
  expect(call('wasi:clocks/timezone', 'utc-offset')).toBe(0)
})

test('random numbers', () => {
  const { call } = open()
  expect(call('wasi:random/insecure', 'get-insecure-random-bytes', 5n)).toHaveLength(5)
  const numbers = [1, 2].map(() => call('wasi:random/random', 'get-random-u64'))
  expect(numbers[0]).not.toBe(numbers[1])
  expect(call('wasi:random/insecure-seed', 'insecure-seed')).toEqual([expect.any(BigInt), expect.any(BigInt)])
  expect(() => call('wasi:random/random', 'get-random-bytes', 65_537n)).toThrow('trap: asked for 65537')
})
