import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type KnownName, NameCache } from './name-cache.ts'
import { NameFailure } from './name-failure.ts'
import type { NameAnswer, NameSource } from './name-source.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

/** A source that answers when it is told to. */
class TestSource implements NameSource {
  readonly asked: {
    readonly host: string
    readonly signal: AbortSignal
    readonly done: PromiseWithResolvers<NameAnswer>
  }[] = []

  lookUp(host: string, signal: AbortSignal): Promise<NameAnswer> {
    const done = Promise.withResolvers<NameAnswer>()
    this.asked.push({ host, signal, done })
    return done.promise
  }

  answer(address: string, ttlMs: number): Promise<void> {
    this.asked.at(-1)!.done.resolve({ addresses: [{ address, family: 4 }], ttlMs })
    return settled()
  }

  fail(isDenied: boolean): Promise<void> {
    this.asked.at(-1)!.done.reject(new NameFailure(isDenied ? 'denied' : 'failed', isDenied))
    return settled()
  }
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await Promise.resolve()
}

/** What waiters have heard: addresses, or what failed. */
class Ears {
  readonly heard: string[] = []
  onResolved({ addresses }: KnownName): void {
    this.heard.push(addresses.map(({ address }) => address).join(','))
  }
  onUnresolved({ message }: NameFailure): void {
    this.heard.push(message)
  }
}

function make(): { source: TestSource; names: NameCache; ears: Ears; told: string[] } {
  const source = new TestSource()
  const told: string[] = []
  const names = new NameCache(source, (host, { message }, isStale) => told.push(`${host} ${message} ${isStale}`))
  return { source, names, ears: new Ears(), told }
}

test('a name is asked for once, however many wait for it, and however it is asked for meanwhile', async () => {
  const { source, names, ears } = make()
  const toEars = { onResolved: (known: KnownName) => ears.onResolved(known), onUnresolved: () => {} }
  for (let count = 0; count < 3; count++) names.resolve('a', { ...toEars })
  names.resolve('b', toEars)
  expect(source.asked.map(({ host }) => host)).toEqual(['a', 'b'])
  source.asked[0]!.done.resolve({ addresses: [{ address: '1', family: 4 }], ttlMs: 9_000 })
  await settled()
  expect(ears.heard).toEqual(['1', '1', '1'])
  names.resolve('a', ears)
  expect(ears.heard).toHaveLength(4)
  expect(source.asked).toHaveLength(2)
})

test.each([
  ['its own', 9_000, 9_000],
  ['a second where it is 0', 0, 1_000],
  ['an hour where it is 2^31 s', 2 ** 31 * 1_000, 3_600_000],
])('an answer holds for its time: %s', async (_what, ttlMs, heldMs) => {
  const { source, names, ears } = make()
  names.resolve('a', ears)
  await source.answer('1', ttlMs)
  vi.advanceTimersByTime(heldMs - 1)
  names.resolve('a', ears)
  expect([source.asked.length, ears.heard.length]).toEqual([1, 2])
  vi.advanceTimersByTime(1)
  names.resolve('a', ears)
  expect([source.asked.length, ears.heard.length]).toEqual([2, 2])
  await source.answer('2', ttlMs)
  expect(ears.heard).toEqual(['1', '1', '2'])
})

test.each([
  ['a denial for five seconds', true, 5_000],
  ['a failure for one', false, 1_000],
])('nobody is asked again at once: %s', async (_what, isDenied, heldMs) => {
  const { source, names, ears, told } = make()
  names.resolve('a', ears)
  await source.fail(isDenied)
  vi.advanceTimersByTime(heldMs - 1)
  names.resolve('a', ears)
  const what = isDenied ? 'denied' : 'failed'
  expect(ears.heard).toEqual([what, what])
  expect(source.asked).toHaveLength(1)
  vi.advanceTimersByTime(1)
  names.resolve('a', ears)
  expect(source.asked).toHaveLength(2)
  await source.fail(isDenied)
  expect(names.failuresOf('a')).toBe(2)
  expect(told).toEqual([`a ${what} false`])
})

describe('where nobody can say what has become of a name', () => {
  test('its last addresses stand in, it is asked for in the background, and an answer ends that', async () => {
    const { source, names, ears, told } = make()
    names.resolve('a', ears)
    await source.answer('1', 1_000)
    vi.advanceTimersByTime(1_000)
    names.resolve('a', ears)
    await source.fail(false)
    expect(ears.heard).toEqual(['1', '1'])
    expect(told).toEqual(['a failed true'])
    vi.advanceTimersByTime(4_999)
    names.resolve('a', ears)
    expect([ears.heard.length, source.asked.length]).toEqual([3, 2])
    vi.advanceTimersByTime(1)
    names.resolve('a', ears)
    expect([ears.heard.length, source.asked.length]).toEqual([4, 3])
    await source.answer('2', 9_000)
    names.resolve('a', ears)
    expect(ears.heard.at(-1)).toBe('2')
  })

  test('but no longer than for an hour', async () => {
    const { source, names, ears } = make()
    names.resolve('a', ears)
    await source.answer('1', 1_000)
    vi.advanceTimersByTime(3_601_000)
    names.resolve('a', ears)
    await source.fail(false)
    expect(ears.heard).toEqual(['1', 'failed'])
  })

  test('a slow answer is waited for a second', async () => {
    const { source, names, ears } = make()
    names.resolve('a', ears)
    await source.answer('1', 1_000)
    vi.advanceTimersByTime(1_000)
    names.resolve('a', ears)
    vi.advanceTimersByTime(999)
    expect(ears.heard).toEqual(['1'])
    vi.advanceTimersByTime(1)
    expect(ears.heard).toEqual(['1', '1'])
    names.resolve('a', ears)
    expect(ears.heard).toHaveLength(3)
    await source.answer('2', 1_000)
    expect(ears.heard).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a denial is no such case', async () => {
    const { source, names, ears } = make()
    names.resolve('a', ears)
    await source.answer('1', 1_000)
    vi.advanceTimersByTime(1_000)
    names.resolve('a', ears)
    await source.fail(true)
    expect(ears.heard).toEqual(['1', 'denied'])
  })
})

test('an answer, or a failure, can be ended before its time', async () => {
  const { source, names, ears } = make()
  names.expire('a')
  names.resolve('a', ears)
  await source.fail(true)
  names.expire('a')
  names.resolve('a', ears)
  await source.answer('1', 60_000)
  names.expire('a')
  names.resolve('a', ears)
  expect(source.asked).toHaveLength(3)
  // Where nobody can say, it stands in like any other.
  await source.fail(false)
  expect(ears.heard).toEqual(['denied', '1', '1'])
})

test('whoever hears may ask again', async () => {
  const { source, names } = make()
  let answers = 0
  const again = {
    onResolved: () => {
      if (++answers < 3) names.resolve('a', again)
    },
    onUnresolved: () => {},
  }
  names.resolve('a', again)
  await source.answer('1', 9_000)
  expect(answers).toBe(3)
})

test('who has left does not hear', async () => {
  const { source, names, ears } = make()
  names.resolve('a', ears)
  names.leave('a', ears)
  await source.answer('1', 9_000)
  expect(ears.heard).toEqual([])
})

test('the names that were not asked for longest are forgotten, unless somebody waits for them', async () => {
  const { source, names, ears } = make()
  names.resolve('waiting', ears)
  names.resolve('old', ears)
  await source.answer('1', 3_600_000)
  names.resolve('used', ears)
  await source.answer('1', 3_600_000)
  for (let count = 0; count < 1_021; count++) {
    names.resolve(`n${count}`, ears)
    await source.answer('1', 3_600_000)
  }
  names.resolve('used', ears)
  expect(source.asked).toHaveLength(1_024)
  names.resolve('one more', ears)
  expect(source.asked.at(-1)?.host).toBe('one more')
  names.resolve('used', ears)
  names.resolve('waiting', ears)
  expect(source.asked).toHaveLength(1_025)
  names.resolve('old', ears)
  expect(source.asked.at(-1)?.host).toBe('old')
})

describe('a cache that is done with', () => {
  test('ends questions when nobody waits for them', async () => {
    const { source, names, ears } = make()
    names.resolve('a', ears)
    names.retire()
    expect(source.asked[0]!.signal.aborted).toBe(false)
    names.leave('a', ears)
    expect(source.asked[0]!.signal.aborted).toBe(true)
  })

  test('ends all of them when it is closed, and nobody hears', async () => {
    const { source, names, ears } = make()
    names.resolve('a', ears)
    await source.answer('1', 1_000)
    vi.advanceTimersByTime(1_000)
    names.resolve('a', ears)
    names.close()
    expect(source.asked[1]!.signal.aborted).toBe(true)
    await source.fail(false)
    expect(ears.heard).toEqual(['1'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
