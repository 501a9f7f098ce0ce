import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startBridge } from './support/start-bridge.ts'
import { until } from './support/until.ts'

interface NodeUpstream extends AsyncDisposable {
  readonly port: number
  readonly streams: ServerHttp2Stream[]
}

async function startUpstream(
  handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<NodeUpstream> {
  const server = createHttp2Server()
  const sessions = new Set<ServerHttp2Session>()
  const streams: ServerHttp2Stream[] = []
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    streams.push(stream)
    stream.on('error', () => {})
    handle(stream, headers)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    streams,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function connectClient(port: number): ClientHttp2Session & Disposable {
  // By itself Node's client gives up where ten megabytes wait to be sent.
  const session = connectHttp2(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000 })
  session.on('error', () => {})
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() })
}

async function answerOf(
  stream: ClientHttp2Stream,
): Promise<{ status: number; text: string; trailers: IncomingHttpHeaders; headers: IncomingHttpHeaders }> {
  stream.setEncoding('latin1')
  let headers: IncomingHttpHeaders & { ':status'?: number | undefined } = {}
  let trailers: IncomingHttpHeaders = {}
  let text = ''
  stream.on('response', (received) => (headers = received))
  stream.on('trailers', (received) => (trailers = received))
  stream.on('data', (chunk: string) => (text += chunk))
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('close', resolve)
  })
  return { status: headers[':status'] ?? 0, text, trailers, headers }
}

const echo = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 }, { waitForTrailers: true })
  let trailers: IncomingHttpHeaders = {}
  stream.on('trailers', (received) => (trailers = received))
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-back': String(trailers['x-forth'] ?? 'none') }))
  stream.pipe(stream)
}

describe('HTTP/2 through to HTTP/2, with the client and the server that Node has', () => {
  test('both ways at once, trailers at the end', async () => {
    await using upstream = await startUpstream(echo)
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    const stream = client.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-forth': 'here' }))
    const answer = answerOf(stream)
    let seen = ''
    stream.on('data', (chunk: string) => (seen += chunk))
    for (const word of ['one', 'two', 'three']) {
      stream.write(word)
      await until(`${word} to come back`, () => seen.endsWith(word))
    }
    stream.end()
    expect(await answer).toMatchObject({ status: 200, text: 'onetwothree', trailers: { 'x-back': 'here' } })
  })

  test('fifty streams of a megabyte each, both ways', async () => {
    await using upstream = await startUpstream(echo)
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    const sent = 'z'.repeat(1_048_576)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => {
        const stream = client.request({ ':method': 'POST' })
        stream.end(sent)
        return answerOf(stream)
      }),
    )
    expect(answers.every(({ text }) => text === sent)).toBe(true)
    expect(vane.ends).toEqual(Array(50).fill('complete'))
  })

  test('a client that cancels: the upstream hears of it', async () => {
    await using upstream = await startUpstream((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('part')
    })
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    const stream = client.request({ ':path': '/' })
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    stream.close(constants.NGHTTP2_CANCEL)
    await until('end at the upstream', () => upstream.streams[0]?.closed)
    expect(upstream.streams[0]!.rstCode).toBe(constants.NGHTTP2_CANCEL)
    expect(vane.ends).toEqual(['client-gone'])
  })

  test('an upstream that cancels: the client hears of it', async () => {
    await using upstream = await startUpstream((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('part', () => stream.destroy(new Error('broken')))
    })
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    await expect(answerOf(client.request({ ':path': '/' }))).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
  })

  test('a client that does not read holds its upstream back', async () => {
    let sentBytes = 0
    const block = Buffer.alloc(16_384)
    await using upstream = await startUpstream((stream) => {
      // Where nobody reads the request, Node resets a stream whose end waits for a window.
      stream.resume()
      stream.respond({ ':status': 200 })
      const push = (): void => {
        while (sentBytes < 64 * 1_048_576) {
          sentBytes += block.length
          if (!stream.write(block)) {
            stream.once('drain', push)
            return
          }
        }
        stream.end()
      }
      push()
    })
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    const stream = client.request({ ':path': '/' })
    stream.pause()
    await new Promise((resolve) => stream.once('response', resolve))
    let before = -1
    while (before !== sentBytes) {
      before = sentBytes
      for (let n = 0; n < 50; n++) await nextTurn()
    }
    // Windows of the client and of ours, and what streams around them buffer.
    expect(sentBytes).toBeLessThan(1_048_576)
    let bytes = 0
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
    stream.resume()
    await new Promise((resolve) => stream.once('end', resolve))
    expect(bytes).toBe(64 * 1_048_576)
  })

  test('an upstream that does not read holds its client back', async () => {
    let resume = (): void => {}
    await using upstream = await startUpstream((stream) => {
      resume = () => {
        let bytes = 0
        stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
        stream.on('end', () => {
          stream.respond({ ':status': 200 })
          stream.end(String(bytes))
        })
      }
    })
    await using vane = await startBridge(upstream.port)
    using client = connectClient(vane.port)
    const stream = client.request({ ':method': 'POST' })
    const answer = answerOf(stream)
    let sentBytes = 0
    const block = Buffer.alloc(16_384)
    const push = (): void => {
      while (sentBytes < 16 * 1_048_576) {
        sentBytes += block.length
        if (!stream.write(block)) {
          stream.once('drain', push)
          return
        }
      }
      stream.end()
    }
    push()
    await until('the request at the upstream', () => upstream.streams[0])
    let before = -1
    while (before !== sentBytes) {
      before = sentBytes
      for (let n = 0; n < 50; n++) await nextTurn()
    }
    expect(sentBytes).toBeLessThan(1_048_576)
    resume()
    expect((await answer).text).toBe(String(16 * 1_048_576))
  })
})

/** Runs a tool to its end. */
async function run(tool: string, args: readonly string[]): Promise<string> {
  const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise((resolve) => child.on('close', resolve))
  return text
}

describe('tools of others', () => {
  const tools = Object.fromEntries(['nghttp', 'h2load', 'curl'].map((name) => [name, existsSync(`/usr/bin/${name}`)]))
  const missing = (name: string): string =>
    tools[name] === true ? '' : `: ${name} is not installed (Debian: nghttp2-client, curl)`

  test.skipIf(tools['nghttp'] !== true)(`nghttp gets and posts${missing('nghttp')}`, async () => {
    await using upstream = await startUpstream(echo)
    await using vane = await startBridge(upstream.port)
    const output = await run('nghttp', ['-v', '--data=/etc/hostname', `http://127.0.0.1:${vane.port}/`])
    expect(output).toContain(':status: 200')
    expect(output).toContain('x-back: none')
    expect(output).not.toMatch(/RST_STREAM|PROTOCOL_ERROR/)
  })

  test.skipIf(tools['h2load'] !== true)(`h2load sees no failure${missing('h2load')}`, async () => {
    await using upstream = await startUpstream((stream) => {
      stream.respond({ ':status': 200 })
      stream.end('x'.repeat(1_000))
    })
    await using vane = await startBridge(upstream.port, { maxRequestRatePerConn: 1_000_000 })
    const output = await run('h2load', ['-n', '2000', '-c', '4', '-m', '50', `http://127.0.0.1:${vane.port}/`])
    expect(output).toContain('2000 succeeded, 0 failed, 0 errored, 0 timeout')
    expect(output).toContain('2000 2xx')
  })

  test.skipIf(tools['curl'] !== true)(`curl with prior knowledge${missing('curl')}`, async () => {
    await using upstream = await startUpstream(echo)
    await using vane = await startBridge(upstream.port)
    const output = await run('curl', [
      '-sv',
      '--http2-prior-knowledge',
      '-d',
      'hello',
      `http://127.0.0.1:${vane.port}/`,
    ])
    expect(output).toContain('HTTP/2 200')
    expect(output).toContain('hello')
  })
})
