import { formatDiagnostics, type Diagnostic, type PluginKind } from 'vane-core'
import { BUILTINS_ONLY, compile, type MetadataProvider } from 'vane-engine/compile'
import type { Fence } from './read-fences.ts'

/** What diagnostics call an example. */
const PATH = 'rules/example.jsonc'

/** Plugins that examples may name, with the kinds of their exports. */
export type ExamplePlugins = Readonly<Record<string, PluginKind>>

/** Compiles a rule file, with plugins that are taken at their word. */
export function compileText(text: string, plugins: ExamplePlugins = {}): readonly Diagnostic[] {
  return compile({ files: [{ path: PATH, text }], middleware: toProvider(plugins) }).diagnostics
}

/** What the compiler says of a rule file, as people see it; empty where it has nothing to say. */
export function compileReport(text: string, plugins: ExamplePlugins = {}): string {
  return formatDiagnostics(compileText(text, plugins), { sources: new Map([[PATH, text]]) })
}

/** The whole rule file that an example is, or stands in. */
export function toRuleFile({ marks, text }: Fence): string {
  const [mark] = marks
  if (mark === 'rules') return text
  if (mark !== 'match' && mark !== 'terminate') throw new Error(`no rule file can be made of "${mark ?? ''}"`)
  const match = mark === 'match' ? `"match": ${text},` : ''
  const terminate = mark === 'terminate' ? text : '{ "type": "close" }'
  return `{ "rules": [{ "name": "example", "listen": [":8080"], ${match} "terminate": ${terminate} }] }`
}

function toProvider(plugins: ExamplePlugins): MetadataProvider {
  return {
    builtins: BUILTINS_ONLY.builtins,
    plugin({ stem, exportName }) {
      const kind = plugins[`${stem}:${exportName}`]
      if (kind === undefined) {
        return { problem: { code: 'unknown-plugin', message: `no page has a plugin ${stem}:${exportName}` } }
      }
      return { path: `/wasm/${stem}.wasm`, meta: { kind, stateless: true, needsBody: false, inspects: [] } }
    },
  }
}
