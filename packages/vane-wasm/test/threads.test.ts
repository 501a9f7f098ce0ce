import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { DEFAULT_PLUGIN_HTTP_POLICY, SILENT_LOGGER } from 'vane-core'
import { watPlugin } from 'vane-fixtures'
import { expect, onTestFinished, test } from 'vitest'

import { ComponentCache } from '../src/component/cache.ts'
import { ComponentLoader } from '../src/component/component-loader.ts'
import { Preparer } from '../src/component/preparer.ts'
import { createPluginHost } from '../src/host/plugin-host.ts'
import { DEFAULT_PLUGIN_LIMITS, toCoreLimits } from '../src/plugin-limits.ts'
import { writeComponent } from './_setup.ts'

test('a loaded component can be posted to another thread and runs there', async () => {
  const preparer = new Preparer({ timeoutMs: 30_000, maxThreads: 1 })
  onTestFinished(() => preparer.close())
  const loader = new ComponentLoader({
    preparer,
    limitsFor: () => toCoreLimits(DEFAULT_PLUGIN_LIMITS),
    cache: new ComponentCache(undefined),
    maxComponentBytes: 1_000_000,
    hostFor: ({ stem }) =>
      createPluginHost({
        stem,
        logger: SILENT_LOGGER,
        metrics: undefined,
        httpFetch: undefined,
        policy: DEFAULT_PLUGIN_HTTP_POLICY,
        limits: DEFAULT_PLUGIN_LIMITS,
      }),
  })
  const path = await writeComponent(
    await watPlugin({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
    }),
  )
  const { component } = await loader.load(path)
  const worker = new Worker(new URL('./children/other-thread.ts', import.meta.url), {
    execArgv: ['--conditions=vane-source'],
  })
  onTestFinished(async () => void (await worker.terminate()))
  worker.postMessage(component)
  const [answer]: unknown[] = await once(worker, 'message')
  expect(answer).toMatchObject({
    tag: 'ok',
    val: { tag: 'short', val: { status: 200, body: new Uint8Array(Buffer.from('{"from":"there"}')) } },
  })
})
