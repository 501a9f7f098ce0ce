// Makes instances of a plugin until there is no address space left for another, and goes on working.
import { toModuleId, VaneError } from 'vane-core'

import { createWasmRuntime } from '../../src/index.ts'

const runtime = createWasmRuntime({ maxInstances: 100_000, limits: { plugin: { pool: 2 } } })
const module = toModuleId(process.argv[2] ?? '')
await runtime.loadComponent(module)
const first = await runtime.prepareCallSite(module, 'x', '{}')
let refusal: unknown
for (let n = 0; n < 50 && refusal === undefined; n++) {
  await runtime.prepareCallSite(module, 'x', '{}').catch((error: unknown) => {
    refusal = error
  })
}
const decision = await first.l7Request({ method: 'GET', uri: '/', headers: [], context: [] })
const isWhole = runtime.snapshot().every(({ capacity }) => capacity === 2)
await runtime.close()
console.log(
  JSON.stringify({ reason: refusal instanceof VaneError ? refusal.reason : String(refusal), decision, isWhole }),
)
