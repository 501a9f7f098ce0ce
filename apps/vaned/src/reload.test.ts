import { SILENT_LOGGER, VaneError, type Logger } from 'vane-core'
import { describe, expect, it, vi } from 'vitest'
import { createReloader, type ReloadOutcome } from './reload.ts'

/** An attempt that ends when the test says so. */
function controlled() {
  const runs: PromiseWithResolvers<ReloadOutcome>[] = []
  const attempt = (): Promise<ReloadOutcome> => {
    const run = Promise.withResolvers<ReloadOutcome>()
    runs.push(run)
    return run.promise
  }
  return { runs, attempt }
}

const swapped = (versionHash: string): ReloadOutcome => ({ status: 'swapped', versionHash, warnings: [] })

describe('createReloader', () => {
  it('runs one at a time, and answers what came meanwhile by one more run', async () => {
    const { runs, attempt } = controlled()
    const reloader = createReloader(attempt, SILENT_LOGGER)
    const first = reloader.reload('signal')
    const second = reloader.reload('verb')
    const third = reloader.reload('signal')
    expect(runs).toHaveLength(1)
    runs[0]!.resolve(swapped('a'))
    expect(await first).toMatchObject({ versionHash: 'a' })
    await vi.waitFor(() => expect(runs).toHaveLength(2))
    const fourth = reloader.reload('signal')
    runs[1]!.resolve(swapped('b'))
    expect(await Promise.all([second, third])).toMatchObject([{ versionHash: 'b' }, { versionHash: 'b' }])
    await vi.waitFor(() => expect(runs).toHaveLength(3))
    runs[2]!.resolve({ status: 'unchanged', versionHash: 'b' })
    expect(await fourth).toMatchObject({ status: 'unchanged' })
    expect(reloader.stats()).toMatchObject({
      swapped: 2,
      unchanged: 1,
      failed: 0,
      last: { status: 'unchanged', cause: 'signal', error: null },
    })
  })

  it('turns whatever is thrown into a failure, and works again afterwards', async () => {
    const error = vi.fn()
    const logger: Logger = { ...SILENT_LOGGER, error }
    const { runs, attempt } = controlled()
    const reloader = createReloader(attempt, logger)
    const failing = reloader.reload('signal')
    runs[0]!.reject(new VaneError({ kind: 'compile' }, 'rule "a": no such middleware'))
    expect(await failing).toMatchObject({
      status: 'failed',
      failure: { message: 'rule "a": no such middleware', report: 'rule "a": no such middleware' },
    })
    expect(reloader.stats().last).toMatchObject({
      status: 'failed',
      cause: 'signal',
      error: 'rule "a": no such middleware',
    })
    expect(error).toHaveBeenCalledOnce()

    const bug = reloader.reload('verb')
    runs[1]!.reject(new TypeError('x is undefined'))
    expect(await bug).toMatchObject({ failure: { report: expect.stringContaining('reload.test.ts') as string } })

    const good = reloader.reload('verb')
    runs[2]!.resolve(swapped('c'))
    expect(await good).toMatchObject({ status: 'swapped' })
    expect(reloader.stats()).toMatchObject({ swapped: 1, failed: 2, last: { error: null } })
  })

  it('begins with nothing to tell', () => {
    expect(createReloader(controlled().attempt, SILENT_LOGGER).stats()).toEqual({
      swapped: 0,
      unchanged: 0,
      failed: 0,
      last: null,
    })
  })
})
