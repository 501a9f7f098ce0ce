/** What a plugin's export does, by where in a connection's life it runs. WIT: `vane:plugin/types.middleware-kind`. */
export type PluginKind = 'l4-peek' | 'l4-bytes' | 'l7-request' | 'l7-response'

/** Every {@link PluginKind}, in WIT order. */
export const PLUGIN_KINDS: readonly PluginKind[] = ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']

/** One middleware a component offers. WIT: `vane:plugin/types.middleware-export`. */
export interface PluginExport {
  /** Unique within the component; a rule names it as `<stem>:<name>`. */
  readonly name: string
  readonly kind: PluginKind
  /** A stateless export keeps nothing between calls: the host may reset, share or replace its instances at will. */
  readonly stateless: boolean
  /** Whether `body` is filled for L7 inputs; without it the body streams past untouched. */
  readonly needsBody: boolean
  /** Context paths packed into `context`; nothing else is visible to the plugin. */
  readonly inspects: readonly string[]
  /** Reserved by the contract: a component that sets it is refused. */
  readonly needsStreamingBody: boolean
}

/** What a component says of itself through `registry.get-metadata`. */
export interface PluginMetadata {
  readonly name: string
  readonly version: string
  /** Contract version the component was built for, such as `0.1.0`. */
  readonly abiVersion: string
  readonly exports: readonly PluginExport[]
}

declare const moduleIdBrand: unique symbol

/** Identity of a loaded component: the canonical absolute path of its `.wasm` file. */
export type ModuleId = string & { readonly [moduleIdBrand]: true }

/** Brands a path as a {@link ModuleId}. The caller vouches that it is absolute and canonical (symbolic links resolved). */
export function toModuleId(canonicalPath: string): ModuleId {
  return canonicalPath as ModuleId
}

/** Contract version this host implements. For 0.x, another minor is another contract. */
export const ABI_VERSION = '0.1.0'
