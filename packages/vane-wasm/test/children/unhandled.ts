// Traps of every sort, in a process that dies of an unhandled rejection.
import { PluginPolicyTable, toModuleId } from 'vane-core'

import { createWasmRuntime } from '../../src/index.ts'

const [path = ''] = process.argv.slice(2)
const runtime = createWasmRuntime({
  policies: PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}'),
  httpFetch: { fetch: () => Promise.reject(new Error('broken')) },
})
await runtime.loadComponent(path)
const site = await runtime.prepareCallSite(toModuleId(path), 'x', '{}')
const messages: string[] = []
for (const uri of ['/trap', '/fetch-trap', '/error', '/bad-url', '/recurse', '/ok']) {
  try {
    messages.push((await site.l7Request({ method: 'GET', uri, headers: [], context: [] })).tag)
  } catch (error) {
    messages.push(error instanceof Error ? error.message : String(error))
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await runtime.close()
console.log(JSON.stringify(messages))
