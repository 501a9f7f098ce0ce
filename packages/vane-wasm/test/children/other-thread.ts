// Receives a loaded component from another thread, makes an instance of it and calls it.
import { parentPort } from 'node:worker_threads'

import { DEFAULT_PLUGIN_HTTP_POLICY, SILENT_LOGGER } from 'vane-core'

import { Codecs } from '../../src/abi/codecs.ts'
import type { LoadedComponent } from '../../src/component/loaded-component.ts'
import { createPluginHost } from '../../src/host/plugin-host.ts'
import { PluginInstance } from '../../src/instance/plugin-instance.ts'
import { DEFAULT_PLUGIN_LIMITS } from '../../src/plugin-limits.ts'

parentPort?.once('message', (component: LoadedComponent) => {
  const host = createPluginHost({
    stem: component.shape.stem,
    logger: SILENT_LOGGER,
    metrics: undefined,
    httpFetch: undefined,
    policy: DEFAULT_PLUGIN_HTTP_POLICY,
    limits: DEFAULT_PLUGIN_LIMITS,
  })
  const instance = new PluginInstance({
    component,
    codecs: new Codecs(),
    host,
    exportName: 'x',
    kind: 'l7-request',
    argsJson: '{"from":"there"}',
    isStateless: true,
    experience: { hasGrown: false },
    cpuMsPerCall: 1000,
  })
  const input = { method: 'GET', uri: '/', headers: [], context: [] }
  parentPort?.postMessage(instance.enter({ input, options: undefined }))
})
