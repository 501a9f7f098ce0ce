import { createContext, runInContext } from 'node:vm'

import type { Metadata, MiddlewareKind } from '../contract/metadata.ts'
import { BuildError } from './build-error.ts'

/** The interfaces that a plugin can export besides `registry`, by kind. */
export const handlerInterfaces: Readonly<Record<MiddlewareKind, string>> = {
  'l4-peek': 'handlerL4Peek',
  'l4-bytes': 'handlerL4Bytes',
  'l7-request': 'handlerL7Request',
  'l7-response': 'handlerL7Response',
}

/** What a look at a plugin's exports found. */
export interface Probe {
  metadata: Metadata
  kinds: MiddlewareKind[]
  /** The interfaces are properties of the default export, not exports themselves. */
  hasDefault: boolean
}

/** The top level of a plugin has no business taking longer. */
const timeoutMs = 2000

/**
 * Runs a `probe` bundle in a context without Node's globals, as in the engine, to ask for its metadata: what the component must
 * export follows from it, and mistakes in it are found before the daemon refuses to load it.
 */
export function probePlugin(code: string, entry: string): Probe {
  const exports = evaluate(code, entry)
  const hasDefault = 'default' in exports
  const plugin = hasDefault ? exports['default'] : exports
  if (!isObject(plugin) || !hasMethod(plugin['registry'], 'getMetadata')) {
    throw invalid(
      entry,
      'it exports no plugin: make definePlugin({ … }) the default export, or export registry and handlers',
    )
  }
  const metadata = askMetadata(plugin['registry'], entry)
  const kinds = Object.keys(handlerInterfaces) as MiddlewareKind[]
  const handled = kinds.filter((kind) => hasMethod(plugin[handlerInterfaces[kind]], 'handle'))
  checkMetadata(metadata, handled, entry)
  return { metadata, kinds: handled, hasDefault }
}

function evaluate(code: string, entry: string): Record<string, unknown> {
  const context = createContext({})
  try {
    runInContext(`${code}\nglobalThis.plugin = plugin`, context, { filename: entry, timeout: timeoutMs })
  } catch (error) {
    throw new BuildError('metadata', `its top level failed: ${describe(error)}`, {
      place: { file: entry },
      cause: error,
    })
  }
  return isObject(context['plugin']) ? context['plugin'] : {}
}

function askMetadata(registry: { getMetadata(): unknown }, entry: string): Metadata {
  try {
    // A copy made of plain data: what comes from another context fails structural checks, and may have getters.
    return JSON.parse(JSON.stringify(registry.getMetadata())) as Metadata
  } catch (error) {
    throw new BuildError('metadata', `getMetadata failed: ${describe(error)}`, { place: { file: entry }, cause: error })
  }
}

function checkMetadata(metadata: Metadata, handled: readonly MiddlewareKind[], entry: string): void {
  const { exports } = metadata
  if (!Array.isArray(exports) || exports.length === 0) throw invalid(entry, 'the plugin has no exports')
  const seen = new Set<string>()
  for (const { name, kind } of exports) {
    if (typeof name !== 'string' || name === '') throw invalid(entry, 'an export has an empty name')
    if (seen.has(name)) throw invalid(entry, `two exports have the name "${name}"`)
    seen.add(name)
    if (!Object.hasOwn(handlerInterfaces, kind))
      throw invalid(entry, `the export "${name}" has an unknown kind: ${kind}`)
    if (!handled.includes(kind)) {
      throw invalid(entry, `the export "${name}" is of kind ${kind}, but there is no ${handlerInterfaces[kind]}`)
    }
  }
}

function invalid(entry: string, message: string): BuildError {
  return new BuildError('metadata', message, { place: { file: entry } })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function hasMethod<Name extends string>(value: unknown, name: Name): value is Record<Name, () => unknown> {
  return isObject(value) && typeof value[name] === 'function'
}

// Errors of another context are no instances of this one's Error.
function describe(error: unknown): string {
  return isObject(error) && typeof error['message'] === 'string' ? error['message'] : String(error)
}
