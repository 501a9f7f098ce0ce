import type { Decode, Json, MiddlewareMeta, PluginRef, Problem } from 'vane-core'
import { BUILTIN_MIDDLEWARE } from './builtin-middleware.ts'

/** A middleware of the engine, as far as the compiler needs to know it. */
export interface BuiltinMiddleware {
  readonly meta: MiddlewareMeta
  /** Checks the arguments and fills in the defaults. */
  readonly decodeArgs: Decode<Json>
}

/** What a plugin reference turned out to be. */
export type PluginResolution =
  /** `path` is the canonical absolute path of the `.wasm` file: its `ModuleId`. */
  | { readonly path: string; readonly meta: MiddlewareMeta }
  /** Why it cannot be used; the compiler adds the rule and the place. */
  | { readonly problem: Problem }

/** Tells the compiler what the middleware that rules name are. */
export interface MetadataProvider {
  readonly builtins: Readonly<Record<string, BuiltinMiddleware>>
  plugin(ref: PluginRef): PluginResolution
}

/** The engine's own middleware and no plugins: what there is when the `wasm` feature is off. */
export const BUILTINS_ONLY: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: () => ({
    problem: { code: 'plugin-unavailable', message: 'the `wasm` feature is off or not installed' },
  }),
}
