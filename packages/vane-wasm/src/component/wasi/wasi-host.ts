import type { HostFunction } from '../../instance/host-imports.ts'

/** What the stand-ins for WASI ask of the instance they belong to. */
export interface WasiHost {
  /** Takes what the plugin wrote to its standard output or error. */
  writeOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** Ends the running call as a trap. */
  trap(reason: string): never
}

/** Functions of one interface, by their names in the binary. */
export type WasiFunctions = Readonly<Record<string, HostFunction>>

/** A result as it is lowered. */
export type WasiResult = { readonly tag: 'ok' | 'err'; readonly val?: unknown }

/** A result without a payload. */
export const OK: WasiResult = { tag: 'ok' }
