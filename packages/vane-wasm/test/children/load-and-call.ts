// Loads and calls a plugin, and tells what was warned of.
import { SILENT_LOGGER, toModuleId } from 'vane-core'

import { createWasmRuntime } from '../../src/index.ts'

const [path = '', stateDir = ''] = process.argv.slice(2)
const warnings: { message: string; code: unknown }[] = []
const logger = {
  ...SILENT_LOGGER,
  warn: (fields: object | string, message?: string) => {
    const error = typeof fields === 'object' && 'err' in fields ? fields.err : undefined
    warnings.push({
      message: String(message),
      code: error instanceof Error && 'code' in error ? error.code : undefined,
    })
  },
}
const runtime = createWasmRuntime({ stateDir, logger })
const module = toModuleId(path)
await runtime.loadComponent(module)
const site = await runtime.prepareCallSite(module, 'x', '{}')
const decision = await site.l7Request({ method: 'GET', uri: '/', headers: [], context: [] })
await runtime.close()
console.log(JSON.stringify({ decision, warnings }))
