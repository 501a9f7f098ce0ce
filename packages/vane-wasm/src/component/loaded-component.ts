import type { ModuleId, PluginKind, PluginMetadata } from 'vane-core'

import type { ModuleState } from '../instrument/rewrite-module.ts'
import type { ComponentPlan } from '../plan/plan.ts'

/** What is known of a plugin before any of its code has run. */
export interface PluginShape {
  readonly moduleId: ModuleId
  /** Name of the file without `.wasm`: what rules, policies and limits call the plugin. */
  readonly stem: string
  /** Full name of the exported registry. */
  readonly registry: string
  /** Full names of the exported handler interfaces. */
  readonly handlers: Readonly<Partial<Record<PluginKind, string>>>
  /** Whether it imports `http-fetch`: its calls then answer promises. */
  readonly isAsync: boolean
}

/** A component whose core modules are compiled. */
export interface CompiledComponent {
  readonly shape: PluginShape
  readonly plan: ComponentPlan
  /** In the plan's order. */
  readonly modules: readonly WebAssembly.Module[]
  /** Where each of the modules keeps its state. */
  readonly states: readonly ModuleState[]
}

/** A component that can be instantiated. Plain data and compiled modules: it may be posted to another thread as it stands. */
export interface LoadedComponent extends CompiledComponent {
  readonly metadata: PluginMetadata
}
