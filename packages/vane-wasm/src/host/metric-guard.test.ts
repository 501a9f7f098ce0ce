import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { SILENT_LOGGER } from 'vane-core'
import { expect, test } from 'vitest'

import { MetricGuard } from './metric-guard.ts'

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

/** Long texts lie outside of the heap. */
function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('what a sink keeps of a label is no larger than the label, however long the text was that it was cut from', () => {
  const kept: unknown[] = []
  const record = (...report: unknown[]): void => void kept.push(report)
  const guard = new MetricGuard({
    plugin: 'plugin',
    metrics: { counter: record, gauge: record },
    logger: SILENT_LOGGER,
    maxSeries: 1000,
  })
  collectGarbage()
  const before = usedBytes()
  const text = Buffer.alloc(1_048_576, 'a')
  for (let n = 0; n < 100; n++) {
    text.write(String(n).padStart(3, '0'))
    const value = new TextDecoder().decode(text)
    guard.report({ kind: 'counter', name: 'hits', value: 1n, labels: [{ key: value.replace(/^/, 'k'), value }] })
  }
  collectGarbage()
  expect(kept).toHaveLength(100)
  expect(usedBytes() - before).toBeLessThan(20_000_000)
})
