// What a stranger's first program does with the two packages. It is copied into an empty project, type-checked and run there.
import { realpathSync } from 'node:fs'
import {
  isPluginError,
  PluginPolicyTable,
  toModuleId,
  VaneError,
  type L7RequestDecision,
  type WasmPoolSummary,
} from 'vane-core'
import { createWasmRuntime } from 'vane-wasm'

const [componentPath = '', stateDir = ''] = process.argv.slice(2)

const policies = PluginPolicyTable.fromJson('{ "gate": { "allowed_hosts": ["*.example.com"] } }')
let refusal = ''
try {
  PluginPolicyTable.fromJson('{ "gate": { "allowed_host": [] } }')
} catch (error) {
  if (error instanceof VaneError) refusal = error.message
}

const runtime = createWasmRuntime({ policies, stateDir })
const { name } = await runtime.loadComponent(componentPath)
const module = toModuleId(realpathSync(componentPath))
const input = { method: 'GET', uri: '/hello', headers: [{ name: 'host', value: 'example.com' }], context: [] }
const decision: L7RequestDecision = await runtime.invokeL7Request(module, 'gate', '{"a":1}', input)
let failure = ''
try {
  await runtime.invokeL7Request(toModuleId('/nowhere.wasm'), 'gate', '{}', input)
} catch (error) {
  if (isPluginError(error)) failure = error.message
}
const pools: WasmPoolSummary[] = runtime.snapshot()
await runtime.close()

const body = decision.tag === 'short' ? new TextDecoder().decode(decision.val.body) : ''
console.log(
  JSON.stringify({
    hostCounts: [policies.getOrDefault('gate').allowedHosts.length, policies.getOrDefault('other').allowedHosts.length],
    refusal,
    name,
    body,
    failure,
    pools: pools.length,
  }),
)
