import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { startBridge } from './support/start-bridge.ts'
import { until } from './support/until.ts'

const toBytes = (text: string): Buffer => Buffer.from(text)
const toText = (bytes: Buffer): string => bytes.toString()
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Words/${name}`,
  requestStream,
  responseStream,
  requestSerialize: toBytes,
  requestDeserialize: toText,
  responseSerialize: toBytes,
  responseDeserialize: toText,
})
const SERVICE = {
  upper: method('Upper', false, false),
  split: method('Split', false, true),
  join: method('Join', true, false),
  echo: method('Echo', true, true),
}

/** A gRPC server, a proxy before it, and a client before that. */
async function startGrpc() {
  const canceled: string[] = []
  const server = new Server()
  server.addService(SERVICE, {
    upper: (call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) => {
      if (call.request === 'fail') {
        const trailers = new Metadata()
        trailers.set('x-detail', 'kept')
        answer({ code: status.FAILED_PRECONDITION, details: 'nö: 100%', metadata: trailers })
        return
      }
      if (call.request === 'hang') {
        call.on('cancelled', () => canceled.push('hang'))
        return
      }
      const trailers = new Metadata()
      trailers.set('x-tenant', call.metadata.get('x-tenant')[0] ?? 'none')
      answer(null, call.request.toUpperCase(), trailers)
    },
    split: (call: ServerWritableStream<string, string>) => {
      for (const word of call.request.split(' ')) call.write(word)
      call.end()
    },
    join: (call: ServerReadableStream<string, string>, answer: sendUnaryData<string>) => {
      const words: string[] = []
      call.on('data', (word: string) => words.push(word))
      call.on('end', () => answer(null, words.join(' ')))
    },
    echo: (call: ServerDuplexStream<string, string>) => {
      call.on('data', (word: string) => call.write(`${word}!`))
      call.on('end', () => call.end())
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  const vane = await startBridge(port)
  const client = new Client(`127.0.0.1:${vane.port}`, credentials.createInsecure())
  return {
    client,
    vane,
    canceled,
    async [Symbol.asyncDispose]() {
      client.close()
      await vane[Symbol.asyncDispose]()
      server.forceShutdown()
    },
  }
}

const noDeadline = {}

describe('gRPC', () => {
  test('unary calls, with metadata and trailers', async () => {
    await using grpc = await startGrpc()
    const metadata = new Metadata()
    metadata.set('x-tenant', 'blue')
    let trailers: Metadata | undefined
    const answer = await new Promise<string | undefined>((resolve, reject) => {
      grpc.client
        .makeUnaryRequest(SERVICE.upper.path, toBytes, toText, 'hello', metadata, noDeadline, (error, value) => {
          if (error === null) resolve(value)
          else reject(error)
        })
        .on('status', (final) => (trailers = final.metadata))
    })
    expect(answer).toBe('HELLO')
    await until('trailers', () => trailers)
    expect(trailers!.get('x-tenant')).toEqual(['blue'])
  })

  test('a status of failure and its details', async () => {
    await using grpc = await startGrpc()
    const failure = await new Promise<ServiceError | null>((resolve) => {
      grpc.client.makeUnaryRequest(SERVICE.upper.path, toBytes, toText, 'fail', (error) => resolve(error))
    })
    expect(failure).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'nö: 100%' })
    expect(failure!.metadata.get('x-detail')).toEqual(['kept'])
  })

  test('a method that is not there: a response of trailers alone', async () => {
    await using grpc = await startGrpc()
    const failure = await new Promise<ServiceError | null>((resolve) => {
      grpc.client.makeUnaryRequest('/test.Words/Nothing', toBytes, toText, 'x', (error) => resolve(error))
    })
    expect(failure).toMatchObject({ code: status.UNIMPLEMENTED })
  })

  test('a stream of answers', async () => {
    await using grpc = await startGrpc()
    const words: string[] = []
    for await (const word of grpc.client.makeServerStreamRequest(SERVICE.split.path, toBytes, toText, 'a bb ccc'))
      words.push(word as string)
    expect(words).toEqual(['a', 'bb', 'ccc'])
  })

  test('a stream of questions', async () => {
    await using grpc = await startGrpc()
    const answer = await new Promise<string | undefined>((resolve, reject) => {
      const call = grpc.client.makeClientStreamRequest(SERVICE.join.path, toBytes, toText, (error, value) => {
        if (error === null) resolve(value)
        else reject(error)
      })
      for (const word of ['one', 'two', 'three']) call.write(word)
      call.end()
    })
    expect(answer).toBe('one two three')
  })

  test('both at once, one word after the other', async () => {
    await using grpc = await startGrpc()
    const call = grpc.client.makeBidiStreamRequest(SERVICE.echo.path, toBytes, toText)
    const words: string[] = []
    call.on('data', (word: string) => words.push(word))
    const ended = new Promise((resolve) => call.on('end', resolve))
    for (let n = 0; n < 200; n++) {
      call.write(`w${n}`)
      await until(`answer ${n}`, () => words.length === n + 1)
    }
    call.end()
    await ended
    expect(words.at(-1)).toBe('w199!')
  })

  test('a deadline and a cancellation reach the server', async () => {
    await using grpc = await startGrpc()
    const late = await new Promise<ServiceError | null>((resolve) => {
      const options = { deadline: Date.now() + 300 }
      grpc.client.makeUnaryRequest(SERVICE.upper.path, toBytes, toText, 'hang', new Metadata(), options, (error) =>
        resolve(error),
      )
    })
    expect(late?.code).toBe(status.DEADLINE_EXCEEDED)
    await until('cancellation', () => grpc.canceled.length === 1)
    const call = grpc.client.makeUnaryRequest(SERVICE.upper.path, toBytes, toText, 'hang', () => {})
    await until('the call', () => grpc.vane.exchanges.length === 2)
    call.cancel()
    await until('cancellation', () => grpc.canceled.length === 2)
    await until('ends', () => grpc.vane.ends.length === 2)
    expect(grpc.vane.ends).toEqual(['client-gone', 'client-gone'])
  })

  test('a thousand calls by one connection on each side', async () => {
    await using grpc = await startGrpc()
    const answers: (string | undefined)[] = []
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from(
          { length: 50 },
          (_, n) =>
            new Promise<void>((resolve, reject) => {
              grpc.client.makeUnaryRequest(SERVICE.upper.path, toBytes, toText, `r${round}n${n}`, (error, value) => {
                answers.push(value)
                if (error === null) resolve()
                else reject(error)
              })
            }),
        ),
      )
    }
    expect(answers).toHaveLength(1_000)
    expect(grpc.vane.sockets.size).toBe(1)
    expect(grpc.vane.pool.stats()).toMatchObject({ active: 0, idle: 1, requests: 1_000, failures: 0 })
    expect(grpc.vane.limitHits).toEqual([])
  })
})
