import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { type BodySink, type StreamBody, VaneError } from 'vane-core'
import { expect, test } from 'vitest'
import { collectBody } from '../executor/collect-body.ts'
import { BodyMemory, type BodyMemoryLimits } from './body-memory.ts'

const LIMITS: BodyMemoryLimits = { maxBufferedBytes: 1_000, maxBufferedBytesPerIp: 300, exemptLoopback: true }

function createMemory(limits: Partial<BodyMemoryLimits> = {}) {
  const hits: string[] = []
  const memory = new BodyMemory(
    { ...LIMITS, ...limits },
    { hit: (limit, address) => void hits.push(`${limit} ${address ?? 'unix'}`) },
  )
  return { memory, hits }
}

test('one address has its share, and all together have what there is', () => {
  const { memory, hits } = createMemory()
  const first = memory.open('192.0.2.1')
  expect([first.grow(300), first.grow(1)]).toEqual([undefined, 'max_buffered_bytes_per_ip'])
  expect(memory.open('192.0.2.1').grow(1)).toBe('max_buffered_bytes_per_ip')
  const others = [2, 3, 4].map((n) => memory.open(`192.0.2.${n}`))
  expect(others.map((hold) => hold.grow(300))).toEqual([undefined, undefined, 'max_buffered_bytes'])
  expect(others[2]!.grow(100)).toBeUndefined()
  expect(memory.bytes).toBe(1_000)
  first.release()
  expect(memory.open('192.0.2.1').grow(300)).toBeUndefined()
  expect(hits).toEqual([
    'max_buffered_bytes_per_ip 192.0.2.1',
    'max_buffered_bytes_per_ip 192.0.2.1',
    'max_buffered_bytes 192.0.2.4',
  ])
})

test('the addresses of one IPv6 network have one share', () => {
  const { memory } = createMemory()
  expect(memory.open('2001:db8::1').grow(200)).toBeUndefined()
  expect(memory.open('2001:db8::2').grow(200)).toBe('max_buffered_bytes_per_ip')
  expect(memory.open('2001:db8:0:1::1').grow(200)).toBeUndefined()
})

test('peers on this machine have no share of their own, unless they are to, but the total is theirs as well', () => {
  const exempt = createMemory()
  expect(['127.0.0.1', '::1', undefined].map((peer) => exempt.memory.open(peer).grow(301))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(exempt.memory.open(undefined).grow(301)).toBe('max_buffered_bytes')
  expect(exempt.memory.addresses).toBe(0)
  const bound = createMemory({ exemptLoopback: false })
  expect(['127.0.0.1', '127.0.0.1', undefined, undefined].map((peer) => bound.memory.open(peer).grow(200))).toEqual([
    undefined,
    'max_buffered_bytes_per_ip',
    undefined,
    'max_buffered_bytes_per_ip',
  ])
})

test('what is released is given back once, and nothing is counted on it afterwards', () => {
  const { memory } = createMemory()
  const [first, second] = [memory.open('192.0.2.1'), memory.open('192.0.2.1')]
  first.grow(100)
  second.grow(50)
  first.grow(-40)
  expect(memory.bytes).toBe(110)
  first.release()
  first.release()
  first.grow(10)
  first.grow(-10)
  expect([memory.bytes, memory.addresses]).toEqual([50, 1])
  second.release()
  expect([memory.bytes, memory.addresses]).toEqual([0, 0])
})

test('what somebody keeps is given back with the last who does, and not before the request is over', () => {
  const { memory } = createMemory()
  const hold = memory.open('192.0.2.1')
  hold.grow(100)
  hold.keep()
  hold.keep()
  hold.letGo()
  hold.release()
  expect([hold.isReleased, memory.bytes]).toEqual([true, 100])
  hold.letGo()
  expect([memory.bytes, memory.addresses]).toEqual([0, 0])
  const other = memory.open('192.0.2.1')
  other.grow(100)
  other.keep()
  other.letGo()
  expect(memory.bytes).toBe(100)
  other.release()
  // Whoever comes too late keeps nothing.
  other.keep()
  other.letGo()
  expect([memory.bytes, memory.addresses]).toEqual([0, 0])
})

/** What happens to one of a few bodies. */
type Step = { readonly of: number } & (
  | { readonly do: 'write'; readonly bytes: number; readonly pinned: number }
  | { readonly do: 'end' | 'fail' | 'release' }
)

test('whatever happens in whatever order, no more is held than may be, and in the end nothing', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        of: fc.nat(5),
        do: fc.constant('write' as const),
        bytes: fc.oneof(fc.nat(2_000), fc.nat(20)),
        pinned: fc.nat(3_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ of: fc.nat(5), do: fc.constantFrom('end', 'fail', 'release') }) },
  )
  const lengths = fc.array(fc.option(fc.nat(8_000), { nil: undefined }), { minLength: 6, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), lengths, async (steps, declared) => {
      const { memory } = createMemory({ maxBufferedBytes: 12_000, maxBufferedBytesPerIp: 5_000 })
      const bodies = declared.map((length, n) => {
        const hold = memory.open(`192.0.2.${n >> 1}`)
        const body = { hold, sink: undefined as BodySink | undefined, isOver: false, sent: [] as Buffer[] }
        const source: StreamBody['source'] = {
          start: (sink) => void (body.sink = sink),
          resume() {},
          cancel: () => void (body.isOver = true),
        }
        const collected = collectBody(
          { kind: 'stream', source, length },
          { direction: 'request', limitBytes: 6_000, hold },
        )
        const outcome = collected.then(
          (whole) => (whole.kind === 'fixed' ? Buffer.from(whole.bytes) : Buffer.alloc(0)),
          (error: unknown) => error as Error,
        )
        return { body, outcome }
      })
      for (const each of steps) {
        const { body } = bodies[each.of]!
        if (each.do === 'release') body.hold.release()
        else if (body.isOver || body.sink === undefined) continue
        else if (each.do === 'write') {
          const piece = Buffer.alloc(each.bytes + each.pinned, each.of).subarray(0, each.bytes)
          body.sent.push(piece)
          body.sink.write(piece)
        } else {
          body.isOver = true
          if (each.do === 'end') body.sink.end(undefined)
          else body.sink.fail(new Error('broke'))
        }
        expect(memory.bytes).toBeGreaterThanOrEqual(0)
        expect(memory.bytes).toBeLessThanOrEqual(12_000)
      }
      for (const { body, outcome } of bodies) {
        if (!body.isOver) body.sink?.fail(new Error('broke'))
        const end = await outcome
        // Those that came whole are whole.
        if (Buffer.isBuffer(end)) expect(end.equals(Buffer.concat(body.sent))).toBe(true)
      }
      for (const { body } of bodies) body.hold.release()
      expect([memory.bytes, memory.addresses]).toEqual([0, 0])
    }),
  )
})

/** A body that is collected within so much memory, and what was done to it. */
function startCollecting(limits: Partial<BodyMemoryLimits>, length?: number) {
  const { memory, hits } = createMemory({ maxBufferedBytesPerIp: 1_000_000, ...limits })
  const hold = memory.open('192.0.2.1')
  let sink: BodySink | undefined
  const cancels: Error[] = []
  const source = {
    start: (to: BodySink) => void (sink = to),
    resume() {},
    cancel: (reason: Error) => void cancels.push(reason),
  }
  const body: StreamBody = { kind: 'stream', source, length }
  const collected = collectBody(body, { direction: 'request', limitBytes: 100_000, hold })
  const outcome = collected.catch((error: unknown) => error)
  return {
    memory,
    hits,
    hold,
    cancels,
    outcome,
    write: (bytes: Uint8Array) => void sink!.write(bytes),
    sink: () => sink,
  }
}

test('a body that finds no room is given up, with what was there of it', async () => {
  const { memory, hits, cancels, outcome, write } = startCollecting({ maxBufferedBytes: 10_000 })
  write(Buffer.alloc(6_000))
  expect(memory.bytes).toBe(6_000)
  write(Buffer.alloc(6_000))
  const error = await outcome
  expect(error).toBeInstanceOf(VaneError)
  expect(error).toMatchObject({ category: { kind: 'resource', reason: 'body-memory' } })
  expect(String(error)).toMatch(/no room in memory for the request body: max_buffered_bytes allows no more/)
  expect([memory.bytes, hits, cancels]).toEqual([0, ['max_buffered_bytes 192.0.2.1'], [error]])
  // A source that does not stop at once changes nothing.
  write(Buffer.alloc(6_000))
  expect([memory.bytes, cancels.length]).toEqual([0, 1])
})

test('a declared length that finds no room is refused before anything is sent, and takes nothing from others', async () => {
  const { memory, outcome, sink, hits } = startCollecting({ maxBufferedBytes: 10_000 }, 10_001)
  expect(await outcome).toMatchObject({ category: { kind: 'resource', reason: 'body-memory' } })
  expect([sink(), memory.bytes, hits.length]).toEqual([undefined, 0, 1])
  const fitting = startCollecting({ maxBufferedBytes: 10_000 }, 10_000)
  expect(fitting.memory.bytes).toBe(0)
})

test('what is counted is memory: of a small piece of a large read, what it is copied to', () => {
  const { memory, write } = startCollecting({ maxBufferedBytes: 100_000 })
  write(Buffer.alloc(65_536).subarray(0, 2_000))
  expect(memory.bytes).toBe(2_000)
  write(Buffer.alloc(1))
  expect(memory.bytes).toBe(4_000)
})

test('a request that is over collects no further', async () => {
  const { memory, hold, cancels, outcome, write } = startCollecting({ maxBufferedBytes: 100_000 })
  write(Buffer.alloc(2_000))
  hold.release()
  write(Buffer.alloc(2_000))
  expect(await outcome).toMatchObject({ category: { kind: 'canceled' } })
  expect([memory.bytes, cancels.length]).toEqual([0, 1])
})
