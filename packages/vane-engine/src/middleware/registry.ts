import { realpath } from 'node:fs/promises'
import { canonicalJson, type SymbolicMiddleware, toModuleId, type WasmRuntime } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { createForwardClientIp } from './forward-client-ip.ts'
import { createHostHeaderMatch } from './host-header-match.ts'
import { createMethodMatch } from './method-match.ts'
import { createPathPrefix } from './path-prefix.ts'
import { createPluginRequest } from './plugin-request.ts'
import { createPluginResponse } from './plugin-response.ts'
import { createRateLimit } from './rate-limit.ts'

/** What middleware is made of besides its own arguments. */
export interface MiddlewareContext {
  readonly wasm: WasmRuntime | undefined
}

/** Makes a live middleware: a built-in by name, or a plugin's call site with its instances warmed. */
export async function createMiddleware(entry: SymbolicMiddleware, context: MiddlewareContext): Promise<Middleware> {
  if (entry.plugin !== undefined) return createPlugin(entry, entry.plugin, context)
  const create = BUILT_INS.get(entry.name)
  if (create === undefined) throw new Error('this version of the engine has no such middleware')
  return create(entry.args)
}

const BUILT_INS: ReadonlyMap<string, (args: SymbolicMiddleware['args']) => Middleware> = new Map([
  ['host_header_match', createHostHeaderMatch],
  ['path_prefix', createPathPrefix],
  ['method_match', createMethodMatch],
  ['forward_client_ip', createForwardClientIp],
  ['rate_limit', (args) => createRateLimit(args)],
  // That the first bytes are looked at is its whole work, and done before it is reached.
  ['sni_peek', () => ({ handle: () => CONTINUE })],
])

async function createPlugin(
  { name, meta, args }: SymbolicMiddleware,
  plugin: NonNullable<SymbolicMiddleware['plugin']>,
  { wasm }: MiddlewareContext,
): Promise<Middleware> {
  if (wasm === undefined) throw new Error('plugins need the feature "wasm", which is off or not installed')
  const create = {
    'l7-request': createPluginRequest,
    'l7-response': createPluginResponse,
    'l4-peek': undefined,
    'l4-bytes': undefined,
  }[meta.kind]
  if (create === undefined) throw new Error(`this version of the engine cannot run plugins of kind ${meta.kind}`)
  const module = toModuleId(await realpath(plugin.path))
  const site = await wasm.prepareCallSite(module, plugin.export, canonicalJson(args))
  return create({ name, meta, site })
}
