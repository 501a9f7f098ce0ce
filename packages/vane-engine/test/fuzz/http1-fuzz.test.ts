import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { startFuzzTarget } from './fuzz-target.ts'

// More by hand: `pnpm fuzz --minutes 120`.
const ROUNDS = 12_000
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

test('damaged messages of either side come out sound, or not at all', { timeout: 600_000 }, async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const seed = Math.trunc(Math.random() * 2 ** 31)
  console.info(`seeds ${seed} to ${seed + ROUNDS - 1}`)
  await using target = await startFuzzTarget()
  const heap: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await target.run(seed + round)
    if ((round + 1) % (ROUNDS / 3) !== 0) continue
    collect()
    heap.push(process.memoryUsage().heapUsed)
  }
  // From the first third on, when everything is warm.
  expect(heap[2]! - heap[0]!).toBeLessThan(MAX_GROWTH_BYTES)
})
