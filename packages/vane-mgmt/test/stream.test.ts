import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FlowRecord } from 'vane-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MgmtError, MgmtUnreachableError, openStream, type StreamItem, type VerbHandlers } from '../src/index.ts'
import { startRawServer, startServer } from './fake-daemon.ts'

type Stream = Parameters<VerbHandlers['tail_flow']>[1]

const record = (target: string): FlowRecord => ({ event: 'request', target }) as unknown as FlowRecord

/** A server whose `tail_flow` is fed by the test. */
async function startTail(): Promise<{ socketPath: string; opened: Promise<Stream>; close: () => Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<Stream>()
  const server = await startServer({ handlers: { tail_flow: (_args, stream) => resolve(stream) } })
  return { socketPath: server.socketPath, opened: promise, close: () => server.close() }
}

interface Raw {
  readonly socket: Socket
  text(): string
  lines(): unknown[]
}

async function raw(socketPath: string, line: string): Promise<Raw> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.write(line)
  return {
    socket,
    text: () => text,
    lines: () => text.split('\n').flatMap((each) => (each === '' ? [] : [JSON.parse(each) as unknown])),
  }
}

async function until(what: string, probe: () => boolean): Promise<void> {
  const endsAt = Date.now() + 5_000
  while (!probe()) {
    if (Date.now() > endsAt) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

describe('a streaming verb', () => {
  it('sends frames that count, and an end', async () => {
    const { socketPath, opened } = await startTail()
    const { lines } = await raw(socketPath, '{"verb":"tail_flow","request_id":"t"}\n')
    const stream = await opened
    stream.send(record('/1'))
    stream.send(record('/2'))
    stream.end('complete')
    stream.send(record('/late'))
    await until('the end', () => lines().length === 3)
    expect(lines()).toEqual([
      { request_id: 't', stream: { seq: 0, data: { event: 'request', target: '/1' } } },
      { request_id: 't', stream: { seq: 1, data: { event: 'request', target: '/2' } } },
      { request_id: 't', stream: { end: true, reason: 'complete' } },
    ])
    expect(stream.signal.aborted).toBe(true)
  })

  it('runs beside other requests, and beside streams, of its connection', async () => {
    const streams: Stream[] = []
    const { socketPath } = await startServer({ handlers: { tail_flow: (_args, stream) => void streams.push(stream) } })
    const ask = (id: number): string => `{"verb":"tail_flow","request_id":${id}}\n`
    const { lines } = await raw(socketPath, `${ask(1)}${ask(2)}{"verb":"ping","request_id":3}\n`)
    await until('both streams and the answer', () => streams.length === 2 && lines().length === 1)
    for (const stream of streams) stream.send(record('/'))
    await until('both frames', () => lines().length === 3)
    expect(lines()).toMatchObject([{ request_id: 3 }, { request_id: 1, stream: {} }, { request_id: 2, stream: {} }])
  })

  it('goes on when its reader has said all it wants, and ends when the connection closes', async () => {
    const { socketPath, opened } = await startTail()
    const { socket, lines } = await raw(socketPath, '')
    socket.end('{"verb":"tail_flow","request_id":1}\n')
    const stream = await opened
    stream.send(record('/'))
    await until('a frame', () => lines().length === 1)
    expect(stream.signal.aborted).toBe(false)
    socket.destroy()
    // Found out although nothing is sent.
    await until('the stream to be over', () => stream.signal.aborted)
  })

  it('drops what a slow reader does not take, says how much, and goes on', async () => {
    const { socketPath, opened } = await startTail()
    const { socket, text, lines } = await raw(socketPath, '{"verb":"tail_flow","request_id":1}\n')
    const stream = await opened
    socket.pause()
    const large = record('x'.repeat(1_000))
    const total = 20_000
    for (let i = 0; i < total; i++) {
      stream.send(large)
      // Some turns, so that the socket fills up.
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    socket.resume()
    stream.end('complete')
    await until('the end', () => text().endsWith('"complete"}}\n'))
    const frames = lines().map(
      (line) => (line as { stream: { seq?: number; dropped?: number; reason?: string } }).stream,
    )
    const dropped = frames.filter((frame) => frame.dropped !== undefined)
    expect(dropped.length).toBeGreaterThan(0)
    expect(new Set(dropped.map(({ reason }) => reason))).toEqual(new Set(['backpressure']))
    const sent = frames.filter((frame) => frame.seq !== undefined)
    expect(sent.length + dropped.reduce((sum, frame) => sum + frame.dropped!, 0)).toBe(total)
    // A notice stands where the gap is.
    let next = 0
    for (const frame of frames) {
      if (frame.dropped !== undefined) next += frame.dropped
      else if (frame.seq !== undefined) expect(frame.seq).toBe(next++)
    }
  })

  it('is refused like any other verb', async () => {
    const { socketPath } = await startTail()
    const { lines } = await raw(
      socketPath,
      '{"verb":"tail_flow","args":{"status":"6xx"}}\n{"verb":"tail_flow","args":{"follow":1}}\n' +
        '{"verb":"tail_flow","args":{"event":"x"}}\n{"verb":"set_flow_verbosity"}\n',
    )
    await until('the answers', () => lines().length === 4)
    expect(lines().map((line) => (line as { error: { message: string } }).error.message)).toEqual([
      'tail_flow: "status" is a status such as 404, or a class such as 5xx, as a string of at most 256 characters',
      'tail_flow: "follow" is true or false',
      'tail_flow: "event" is one of request, step, upgrade, terminate, error, security_limit',
      'set_flow_verbosity: "verbosity" is missing',
    ])
  })

  it('ends with the server', async () => {
    const { socketPath, opened, close } = await startTail()
    const { lines } = await raw(socketPath, '{"verb":"tail_flow","request_id":1}\n')
    const stream = await opened
    stream.send(record('/last'))
    await close()
    expect(stream.signal.aborted).toBe(true)
    expect(lines()).toMatchObject([{ stream: { seq: 0 } }, { stream: { end: true, reason: 'shutdown' } }])
  })
})

describe('openStream', () => {
  const collect = async (socketPath: string): Promise<StreamItem<FlowRecord>[]> => {
    const items: StreamItem<FlowRecord>[] = []
    for await (const item of openStream(socketPath, { verb: 'tail_flow' })) items.push(item)
    return items
  }

  it('yields what comes until the end', async () => {
    const { socketPath } = await startServer({
      handlers: {
        tail_flow: (_args, stream) => {
          stream.send(record('/1'))
          stream.end('complete')
        },
      },
    })
    expect(await collect(socketPath)).toEqual([
      { kind: 'data', seq: 0, data: { event: 'request', target: '/1' } },
      { kind: 'end', reason: 'complete' },
    ])
  })

  it('cancels when the caller stops', async () => {
    const { socketPath, opened } = await startTail()
    const stream = openStream(socketPath, { verb: 'tail_flow' })
    const first = stream.next()
    const fed = await opened
    fed.send(record('/1'))
    expect((await first).value).toMatchObject({ kind: 'data' })
    await stream.return()
    await until('the stream to be over', () => fed.signal.aborted)
  })

  it('throws what the daemon answers, and says when there is none', async () => {
    const { socketPath } = await startServer({
      handlers: { tail_flow: () => Promise.reject(new MgmtError('failed', 'not now')) },
    })
    await expect(collect(socketPath)).rejects.toThrow(new MgmtError('failed', 'not now'))
    await expect(collect('/nonexistent/x.sock')).rejects.toThrow(MgmtUnreachableError)
    const cut = await startRawServer((socket) => socket.end('{"request_id":1,"stream":{"seq":0,"data":{}}}\n'))
    await expect(collect(cut)).rejects.toThrow(/before the stream was over/)
    const other = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\n'))
    await expect(collect(other)).rejects.toThrow(/no Vane daemon/)
  })
})
