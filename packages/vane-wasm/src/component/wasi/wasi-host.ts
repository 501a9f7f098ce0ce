/** What the stand-ins for WASI ask of the instance they belong to. */
export interface WasiHost {
  /** Takes what the plugin wrote to its standard output or error. */
  writeOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** Ends the running call as a trap. */
  trap(reason: string): never
}

/** A WASI function's own error: the glue hands `payload` to the plugin as the `err` of a result. */
export class WasiFailure extends Error {
  override readonly name = 'WasiFailure'
  readonly payload: unknown

  constructor(payload: unknown) {
    super('refused')
    this.payload = payload
  }
}
