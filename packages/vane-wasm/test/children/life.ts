// A runtime's whole life: the process has to end by itself when it is closed.
import { NetError, PluginPolicyTable, toModuleId } from 'vane-core'

import { createWasmRuntime } from '../../src/index.ts'

const [path = '', when = ''] = process.argv.slice(2)
const request = { method: 'GET', uri: '/', headers: [], context: [] }
const runtime = createWasmRuntime({
  policies: PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}'),
  // Never answers.
  httpFetch: { fetch: () => new Promise<never>(() => {}) },
})
if (when === 'while loading') {
  const loading = runtime.loadComponent(path).then(
    () => 'loaded',
    (error: unknown) => String(error),
  )
  setTimeout(() => void runtime.close(), 50)
  console.log(await loading)
} else {
  await runtime.loadComponent(path)
  const site = await runtime.prepareCallSite(toModuleId(path), 'x', '{}')
  const answer = Promise.resolve(site.l7Request(request))
  if (when === 'after a call') console.log(JSON.stringify(await answer))
  await runtime.close()
  if (when === 'while it fetches')
    console.log(JSON.stringify(await answer.catch((error: unknown) => error instanceof NetError)))
}
