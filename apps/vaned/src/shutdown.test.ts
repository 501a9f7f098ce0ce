import { SILENT_LOGGER } from 'vane-core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createShutdown, type Shutdown } from './shutdown.ts'

interface Scene {
  readonly shutdown: Shutdown
  readonly calls: string[]
  readonly drained: PromiseWithResolvers<{ forcedConnections: number }>
}

function scene(overrides: { close?: () => Promise<void>; closeManagement?: () => Promise<void> } = {}): Scene {
  const calls: string[] = []
  const drained = Promise.withResolvers<{ forcedConnections: number }>()
  const note = (name: string, action?: () => Promise<void>) => async () => {
    calls.push(name)
    await action?.()
  }
  const shutdown = createShutdown({
    engine: {
      drain: (timeoutMs) => {
        calls.push(`drain ${timeoutMs}`)
        return drained.promise
      },
      close: note('engine', overrides.close),
    },
    closeManagement: note('management', overrides.closeManagement),
    closeFeatures: note('features'),
    logger: SILENT_LOGGER,
  })
  return { shutdown, calls, drained }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('createShutdown', () => {
  it('drains, then closes traffic, management and features in this order', async () => {
    const { shutdown, calls, drained } = scene()
    expect(shutdown.state).toBe('serving')
    shutdown.drain(30_000)
    expect(shutdown.state).toBe('draining')
    expect(calls).toEqual(['drain 30000'])
    drained.resolve({ forcedConnections: 0 })
    expect(await shutdown.ended).toBe(0)
    expect(calls).toEqual(['drain 30000', 'engine', 'management', 'features'])
  })

  it('drains once, however often it is asked', () => {
    const { shutdown, calls } = scene()
    shutdown.drain(30_000)
    shutdown.drain(1)
    expect(calls).toEqual(['drain 30000'])
  })

  it('is cut short by now, and closes once', async () => {
    const { shutdown, calls, drained } = scene()
    shutdown.drain(30_000)
    shutdown.now()
    shutdown.now()
    drained.resolve({ forcedConnections: 3 })
    expect(await shutdown.ended).toBe(0)
    expect(calls).toEqual(['drain 30000', 'engine', 'management', 'features'])
  })

  it('closes the rest when one part fails, and ends with 1', async () => {
    const { shutdown, calls } = scene({ closeManagement: () => Promise.reject(new Error('no')) })
    shutdown.now()
    expect(await shutdown.ended).toBe(1)
    expect(calls).toEqual(['engine', 'management', 'features'])
  })

  it('ends with 1 after a while when a part hangs', async () => {
    vi.useFakeTimers()
    const { shutdown } = scene({ close: () => new Promise(() => {}) })
    shutdown.now()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await shutdown.ended).toBe(1)
  })

  it('closes although draining failed', async () => {
    const { shutdown, drained } = scene()
    shutdown.drain(1)
    drained.reject(new Error('no'))
    expect(await shutdown.ended).toBe(0)
  })
})
