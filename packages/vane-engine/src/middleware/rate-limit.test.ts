import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { HeaderList } from 'vane-core'
import { expect, test } from 'vitest'
import type { Flow } from '../executor/flow.ts'
import { type BucketStore, TokenBuckets } from '../floor/token-buckets.ts'
import { createRateLimit } from './rate-limit.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const ANSWER = { status: 429, headers: [], body: '', body_encoding: 'utf8' }

test('a million values that clients made up take a bounded amount of memory', { timeout: 120_000 }, () => {
  let store: BucketStore | undefined
  const args = { key: { header: 'x-key' }, rate: 1, burst: 1, window_ms: 60_000, on_limit: ANSWER }
  const middleware = createRateLimit(args, (options) => (store = new TokenBuckets(options)))
  const ask = (value: string): unknown => {
    const flow = { connection: {}, request: { headers: new HeaderList(['x-key', value]) } } as unknown as Flow
    return (middleware.handle(flow) as { readonly tag: string }).tag
  }
  const before = usedBytes()
  // Whoever goes on asking while the others come and go stays over the limit.
  expect(ask('hammer')).toBe('continue')
  for (let i = 0; i < 1_000_000; i++) {
    ask(`${i}`)
    if (i % 10_000 === 0 && ask('hammer') !== 'short') throw new Error(`let pass after ${i} others`)
  }
  expect(store?.size).toBe(131_072)
  expect((usedBytes() - before) / 1_048_576).toBeLessThan(40)
  // However long the values are, and whatever they were cut from.
  const long = 'v'.repeat(60_000)
  expect([ask(`${long}1`), ask(`${long}1`), ask(`${long}2`)]).toEqual(['continue', 'short', 'continue'])
})
