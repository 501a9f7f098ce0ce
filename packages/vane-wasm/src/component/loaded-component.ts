import type { ModuleId, PluginKind, PluginMetadata } from 'vane-core'

/** The part of a component that the cache keeps: all that transpiling yields. */
export interface TranspiledComponent {
  /** Script whose value is the component's `instantiate`. */
  readonly glueScript: string
  /** Core modules by the name the glue asks for. */
  readonly modules: Readonly<Record<string, WebAssembly.Module>>
  /** Whether an instance can be put back to how it was after initialisation: its whole state can be reached. */
  readonly canReset: boolean
}

/** What is known of a component before any of its code has run. */
export interface ComponentPlan {
  readonly moduleId: ModuleId
  /** Name of the file without `.wasm`: what rules, policies and limits call the plugin. */
  readonly stem: string
  /** Full name of the exported registry. */
  readonly registry: string
  /** Full names of the exported handler interfaces. */
  readonly handlers: Readonly<Partial<Record<PluginKind, string>>>
  /** WASI interfaces it imports, without version. */
  readonly wasi: readonly string[]
  /** Whether it imports `http-fetch`: its calls then answer promises. */
  readonly isAsync: boolean
}

/** A component that can be instantiated. Plain data and compiled modules: it may be posted to another thread as it stands. */
export interface LoadedComponent extends TranspiledComponent {
  readonly plan: ComponentPlan
  readonly metadata: PluginMetadata
}
