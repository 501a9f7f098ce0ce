import type { L4BytesDecision, L4PeekDecision, L7RequestDecision, L7ResponseDecision } from './decisions.ts'
import type { L4BytesInput, L4PeekInput, L7RequestInput, L7ResponseInput } from './inputs.ts'
import type { ModuleId, PluginMetadata } from './metadata.ts'

/** A value, or a promise of it. A plugin that never waits answers synchronously and costs its caller no microtask. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Loads and calls plugins. Implemented by `vane-wasm`; used by the engine, which never imports that package.
 *
 * The `invoke*` calls throw or reject with a `PluginError` and nothing else; a module that was never loaded is a trap.
 */
export interface WasmRuntime {
  /**
   * Loads a component once and answers its metadata; later calls for the same file answer from memory.
   *
   * @throws VaneError of kind `compile` whose message names the file, the export and the reason for the refusal.
   */
  loadComponent(path: string): Promise<PluginMetadata>
  /**
   * Makes a call site ready: a stateful export gets its own pool of instances, warmed before this resolves. Call sites of a
   * stateless export with the same module, export and arguments share one pool.
   *
   * @param argsJson the call site's arguments as JSON, at least `{}`.
   */
  prepareCallSite(module: ModuleId, exportName: string, argsJson: string): Promise<PluginCallSite>
  invokeL4Peek(module: ModuleId, exportName: string, argsJson: string, input: L4PeekInput): MaybePromise<L4PeekDecision>
  invokeL4Bytes(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L4BytesInput,
  ): MaybePromise<L4BytesDecision>
  invokeL7Request(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L7RequestInput,
  ): MaybePromise<L7RequestDecision>
  invokeL7Response(
    module: ModuleId,
    exportName: string,
    argsJson: string,
    input: L7ResponseInput,
  ): MaybePromise<L7ResponseDecision>
}

/** What a call may bring besides its input. */
export interface PluginCallOptions {
  /** 16 hex digits; stamped on the plugin's log lines. */
  readonly connectionId?: string
  /** Aborts what the plugin waits for (`http-fetch`) when the client goes away. */
  readonly signal?: AbortSignal
}

/**
 * One place in a linked graph that calls a plugin. It holds its pools until `release`, so that two graphs during a reload
 * never share a stateful instance.
 */
export interface PluginCallSite {
  l4Peek(input: L4PeekInput, options?: PluginCallOptions): MaybePromise<L4PeekDecision>
  l4Bytes(input: L4BytesInput, options?: PluginCallOptions): MaybePromise<L4BytesDecision>
  l7Request(input: L7RequestInput, options?: PluginCallOptions): MaybePromise<L7RequestDecision>
  l7Response(input: L7ResponseInput, options?: PluginCallOptions): MaybePromise<L7ResponseDecision>
  /** Gives the pools back once running calls have ended; later calls are traps. */
  release(): void
}
