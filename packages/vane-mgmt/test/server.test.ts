import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { VaneError, type Logger } from 'vane-core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MgmtError } from '../src/index.ts'
import { startServer } from './fake-daemon.ts'

interface Peer {
  readonly socket: Socket
  /** The next `count` answers, parsed. */
  answers(count: number): Promise<unknown[]>
}

async function peer(socketPath: string): Promise<Peer> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.setEncoding('utf8')
  const lines: string[] = []
  let rest: string[] = []
  socket.on('data', (chunk: string) => {
    rest.push(chunk)
    if (!chunk.includes('\n')) return
    const parts = rest.join('').split('\n')
    rest = [parts.pop()!]
    lines.push(...parts)
  })
  return {
    socket,
    async answers(count: number): Promise<unknown[]> {
      while (lines.length < count) await once(socket, 'data')
      return lines.splice(0, count).map((line) => JSON.parse(line) as unknown)
    },
  }
}

const ping = (id: number): string => `{"verb":"ping","request_id":${id}}\n`

describe('the management server', () => {
  it('answers many requests on one connection, even in one packet', async () => {
    const { socketPath } = await startServer()
    const { socket, answers } = await peer(socketPath)
    socket.write(ping(1) + ping(2) + '{"verb":"get_pools","args":{},"request_id":"x"}\n')
    const found = await answers(3)
    expect(found).toContainEqual({
      request_id: 1,
      result: { version: '1.2.3', pid: 42, uptime_ms: 7, state: 'serving' },
      error: null,
    })
    expect(found).toContainEqual({ request_id: 'x', result: { wasm: [], fetches: [], cgi: null }, error: null })
  })

  it('answers malformed, overlong and non-UTF-8 lines with an error and goes on', async () => {
    const { socketPath } = await startServer()
    const { socket, answers } = await peer(socketPath)
    socket.write('nonsense\n')
    expect(await answers(1)).toMatchObject([{ request_id: null, result: null, error: { code: 'malformed_request' } }])
    socket.write(Buffer.concat([Buffer.alloc(3 * 1024 * 1024, 0x61), Buffer.from('\n')]))
    expect(await answers(1)).toMatchObject([{ error: { code: 'line_too_long' } }])
    socket.write(Uint8Array.of(0xc3, 0x28, 0x0a))
    expect(await answers(1)).toMatchObject([{ error: { code: 'malformed_request', message: 'the line is not UTF-8' } }])
    socket.write('{"verb":"pong","request_id":5}\n')
    expect(await answers(1)).toMatchObject([
      { request_id: 5, error: { code: 'unknown_verb', message: 'unknown verb "pong"; did you mean "ping"?' } },
    ])
    socket.write(ping(9))
    expect(await answers(1)).toMatchObject([{ request_id: 9, error: null }])
  })

  it('lets a quick answer overtake a slow one', async () => {
    let finish = (): void => {}
    const slow = new Promise<void>((resolve) => (finish = resolve))
    const reload = async () => {
      await slow
      return { status: 'swapped' as const, version_hash: 'h', duration_ms: 1, warnings: [] }
    }
    const { socketPath } = await startServer({ handlers: { reload } })
    const { socket, answers } = await peer(socketPath)
    socket.write(`{"verb":"reload","request_id":1}\n${ping(2)}`)
    expect(await answers(1)).toMatchObject([{ request_id: 2 }])
    finish()
    expect(await answers(1)).toMatchObject([{ request_id: 1, result: { status: 'swapped' } }])
  })

  it('answers what was asked before the peer closed its side, the last line without a newline', async () => {
    const { socketPath } = await startServer()
    const { socket, answers } = await peer(socketPath)
    socket.end(ping(1) + '{"verb":"ping","request_id":2}')
    expect(await answers(2)).toMatchObject([{ request_id: 1 }, { request_id: 2 }])
    await once(socket, 'end')
  })

  it('passes on the code of a MgmtError and the text of a VaneError, and keeps back what else went wrong', async () => {
    const failures = [
      new MgmtError('reload_failed', 'no luck', { n: 1 }),
      new VaneError({ kind: 'io' }, 'disk is full'),
      new Error('secret'),
    ]
    const error = vi.fn()
    const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error, child: () => logger }
    const reload = () => Promise.reject(failures.shift()!)
    const { socketPath } = await startServer({ handlers: { reload }, logger })
    const { socket, answers } = await peer(socketPath)
    for (const expected of [
      { code: 'reload_failed', message: 'no luck', data: { n: 1 } },
      { code: 'failed', message: 'disk is full' },
      { code: 'internal', message: 'reload failed inside the daemon; its log says why' },
    ]) {
      socket.write('{"verb":"reload"}\n')
      expect(await answers(1)).toEqual([{ request_id: null, result: null, error: expected }])
    }
    expect(error).toHaveBeenCalledOnce()
  })

  it('answers a result that is no JSON with an internal error', async () => {
    const { socketPath } = await startServer({ handlers: { ping: () => ({ pid: 1n }) as never } })
    const { socket, answers } = await peer(socketPath)
    socket.write(ping(1))
    expect(await answers(1)).toMatchObject([{ request_id: 1, error: { code: 'internal' } }])
  })

  it('begins no more work for a peer that reads nothing', async () => {
    let calls = 0
    const large = 'x'.repeat(64 * 1024)
    const { socketPath } = await startServer({
      handlers: { ping: () => (calls++, { version: large, pid: 1, uptime_ms: 1, state: 'serving' }) },
    })
    const { socket, answers } = await peer(socketPath)
    socket.pause()
    socket.write(ping(1).repeat(200))
    // A second peer's answers show that the server has had its turns.
    const other = await peer(socketPath)
    for (let turn = 0; turn < 5; turn++) {
      other.socket.write('{"verb":"get_pools"}\n')
      await other.answers(1)
    }
    expect(calls).toBeLessThan(100)
    socket.resume()
    expect(await answers(200)).toHaveLength(200)
    expect(calls).toBe(200)
  })

  it('survives peers that break off', async () => {
    const { socketPath } = await startServer()
    for (let turn = 0; turn < 20; turn++) {
      const { socket } = await peer(socketPath)
      socket.write(ping(1).repeat(50))
      socket.destroy()
    }
    const { socket, answers } = await peer(socketPath)
    socket.write(ping(1))
    expect(await answers(1)).toMatchObject([{ request_id: 1 }])
  })

  it('gives out the answers already made when it closes', async () => {
    const server = await startServer()
    const { socket, answers } = await peer(server.socketPath)
    socket.write(ping(1))
    const got = answers(1)
    await got
    const ended = once(socket, 'end')
    const closed = server.close()
    await ended
    socket.end()
    await closed
  })
})
