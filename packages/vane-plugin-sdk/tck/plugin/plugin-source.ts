import { watToComponent } from 'vane-plugin-sdk/build'

import type { WatPluginSpec } from './spec.ts'
import { watModule, type ModuleText } from './wat-module.ts'

/** What a case's plugin is made of: a description, a module's text with its world, a component's text, or bytes. */
export type PluginSource = WatPluginSpec | ModuleText | { readonly componentWat: string } | Uint8Array

/** Makes the component. */
export async function toComponent(source: PluginSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if ('componentWat' in source) return await watToComponent(source.componentWat, { world: 'plugin', file: 'case.wat' })
  const { wat, wit, world } = 'metadata' in source ? watModule(source) : source
  return await watToComponent(wat, { wit, world, file: 'case.wat' })
}
