import { hasErrors, quoted, type Diagnostic, type ParsedRuleFile } from 'vane-core'
import { pluginStems } from './load-plugins.ts'
import type { PluginFile } from './read-plugin-files.ts'

/**
 * Warns of plugins that no rule names. Says nothing while rules have errors: what cannot be read may name them.
 *
 * @param plugins the `.wasm` files there are.
 */
export function findUnusedPlugins(parsed: readonly ParsedRuleFile[], plugins: readonly PluginFile[]): Diagnostic[] {
  if (parsed.some(({ diagnostics }) => hasErrors(diagnostics))) return []
  const named = pluginStems(parsed)
  const used = new Set(plugins.filter(({ stem }) => named.has(stem)).map(({ realPath }) => realPath))
  return plugins
    .filter(({ realPath }) => !used.has(realPath))
    .map(({ stem }) => ({
      severity: 'warning',
      code: 'unused-plugin',
      message: `no rule names the plugin ${quoted(`${stem}.wasm`)}`,
      suggestion: `write { "use": ${quoted(`${stem}:<export>`)} } into a middleware_chain, or remove the file`,
    }))
}
