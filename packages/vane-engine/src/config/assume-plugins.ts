import { suggest, type MiddlewareMeta, type ParsedRuleFile } from 'vane-core'
import { pluginStems, type PluginLookup } from './load-plugins.ts'
import type { PluginFile } from './read-plugin-files.ts'

/** What a plugin is taken for that nobody has looked into. */
const ASSUMED_META: MiddlewareMeta = { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] }

/** Plugins that are taken at their word. */
export interface AssumedPlugins {
  readonly lookup: PluginLookup
  /** Names of the files that rules name, sorted. */
  readonly assumed: readonly string[]
}

/**
 * Answers for plugins without looking into them, for tools that cannot run them: every export of a `.wasm` file that exists
 * is taken for stateless request middleware that needs no body.
 */
export function assumePlugins(parsed: readonly ParsedRuleFile[], plugins: readonly PluginFile[]): AssumedPlugins {
  const paths = new Map(plugins.map(({ stem, realPath }) => [stem, realPath]))
  const named = pluginStems(parsed)
  return {
    lookup: ({ stem }) => {
      const path = paths.get(stem)
      if (path !== undefined) return { path, meta: ASSUMED_META }
      const near = suggest(stem, paths.keys())
      return {
        problem: {
          code: 'unknown-plugin',
          message: `there is no ${stem}.wasm`,
          ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
        },
      }
    },
    assumed: plugins.filter(({ stem }) => named.has(stem)).map(({ stem }) => `${stem}.wasm`),
  }
}
