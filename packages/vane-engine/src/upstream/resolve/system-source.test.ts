import { type LookupAddress, promises } from 'node:dns'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SystemSource } from './system-source.ts'

const signal = new AbortController().signal

/** Puts a test in the place of the system. */
function playSystem(answer: () => Promise<LookupAddress[]>): { readonly calls: unknown[][] } {
  const spy = vi.spyOn(promises, 'lookup').mockImplementation(answer as unknown as typeof promises.lookup)
  onTestFinished(() => spy.mockRestore())
  return spy.mock
}

const toList = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

test('finds what the system finds, /etc/hosts included', async () => {
  const { addresses, ttlMs } = await new SystemSource().lookUp('localhost', signal)
  expect(addresses.map(({ address }) => address)).toContainEqual(expect.stringMatching(/^127\.0\.0\.1$|^::1$/))
  expect(ttlMs).toBe(5_000)
})

test.each([
  [toList('192.0.2.1', '::1', '192.0.2.2'), ['192.0.2.1', '192.0.2.2', '::1']],
  [toList('::1', '192.0.2.1', '::2'), ['::1', '::2', '192.0.2.1']],
])('the family that the system puts first stands first', async (found, expected) => {
  playSystem(() => Promise.resolve(found))
  const { addresses } = await new SystemSource().lookUp('app.test', signal)
  expect(addresses.map(({ address }) => address)).toEqual(expected)
})

test('of a thousand addresses the first of each family are kept', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => [`10.0.${index >> 8}.${index & 255}`, `fd00::${index}`])
  playSystem(() => Promise.resolve(toList(...many.flat())))
  expect(await new SystemSource().lookUp('app.test', signal)).toMatchObject({ addresses: { length: 64 } })
})

test.each([
  ['ENOTFOUND', 'knows no such name', true],
  ['EAI_AGAIN', 'found no name server that answers', false],
  ['EAI_FAIL', 'failed', false],
])('%s is a failure that says so', async (code, what, isDenied) => {
  playSystem(() => Promise.reject(Object.assign(new Error('getaddrinfo'), { code })))
  await expect(new SystemSource().lookUp('app.test', signal)).rejects.toMatchObject({
    message: `the system's resolver ${what} (${code})`,
    isDenied,
  })
})

describe('a system that does not answer', () => {
  test('is given up, and not asked again while it has the question', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const answers: ((found: LookupAddress[]) => void)[] = []
    const { calls } = playSystem(() => new Promise((resolve) => answers.push(resolve)))
    const source = new SystemSource()
    const first = source.lookUp('app.test', signal)
    vi.advanceTimersByTime(4_000)
    await expect(first).rejects.toThrow("the system's resolver did not answer within 4000 ms")
    const second = source.lookUp('app.test', signal)
    void source.lookUp('other.test', signal)
    expect(calls).toHaveLength(2)
    answers[0]!(toList('192.0.2.1'))
    expect(await second).toMatchObject({ addresses: [{ address: '192.0.2.1', family: 4 }] })
    const third = source.lookUp('app.test', signal)
    expect(calls).toHaveLength(3)
    answers[2]!(toList('192.0.2.2'))
    await third
    answers[1]!(toList('192.0.2.3'))
    await vi.waitUntil(() => vi.getTimerCount() === 0)
  })

  test('need not be waited for', async () => {
    playSystem(() => new Promise(() => {}))
    const aborting = new AbortController()
    const asked = new SystemSource().lookUp('app.test', aborting.signal)
    aborting.abort()
    await expect(asked).rejects.toThrow('nobody waits for the name any more')
  })
})
