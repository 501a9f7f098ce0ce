import { HeaderList } from 'vane-core'
import { expect, test } from 'vitest'
import type { Flow } from '../executor/flow.ts'
import { type BucketStore, TokenBuckets } from '../floor/token-buckets.ts'
import { createRateLimit } from './rate-limit.ts'

const ANSWER = { status: 429, headers: [], body: '', body_encoding: 'utf8' }

test('a million values that clients made up take a bounded amount of memory', () => {
  let store: BucketStore | undefined
  const args = { key: { header: 'x-key' }, rate: 1, burst: 1, window_ms: 60_000, on_limit: ANSWER }
  const middleware = createRateLimit(args, (options) => (store = new TokenBuckets(options)))
  const ask = (value: string): unknown => {
    const flow = { connection: {}, request: { headers: new HeaderList(['x-key', value]) } } as unknown as Flow
    return (middleware.handle(flow) as { readonly tag: string }).tag
  }
  for (let i = 0; i < 1_000_000; i++) ask(`${i}`)
  expect(store?.size).toBe(131_072)
  // However long the values are, and whatever they were cut from.
  const long = 'v'.repeat(60_000)
  expect([ask(`${long}1`), ask(`${long}1`), ask(`${long}2`)]).toEqual(['continue', 'short', 'continue'])
})
