import type { FixtureExport, Handler, WatPluginSpec } from '../plugin/spec.ts'

/** A plugin with one export, `x` of kind `l7-request`. */
export function oneExport(
  handler: Handler,
  { fields = '', ...entry }: Partial<FixtureExport> & { readonly fields?: string } = {},
): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request', ...entry }] },
    handlers: { 'l7-request': handler },
    fields,
  }
}
