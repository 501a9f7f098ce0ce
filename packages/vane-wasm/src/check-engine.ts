/** `(module (memory 0) (memory 0))` */
const TWO_MEMORIES = [0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0] as const

/**
 * Asserts that the engine takes modules with several memories: one of ours copies between a guest's and the host's.
 *
 * @param validate of the engine.
 * @throws Error that names the version that does.
 */
export function assertEngine(validate: (bytes: Uint8Array) => boolean = WebAssembly.validate): void {
  if (validate(Uint8Array.from(TWO_MEMORIES))) return
  throw new Error(`vane-wasm needs Node.js 24 or newer, and this is ${process.versions.node} (${process.execPath})`)
}

/** Whether a guest can wait for a promise of the host's, which Node does since 24.20. */
export function canSuspend(): boolean {
  return typeof WebAssembly.Suspending === 'function'
}

// Here, since what is imported next would fail at its first module, and not say why.
assertEngine()
