/** `(module (func (export "t") unreachable))` */
const TRAP_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11,
] as const

/**
 * Stops the guest that called the host with a trap of wasm's own: an exception of JavaScript's could be caught by a guest's
 * `catch_all`.
 */
export const trap: () => never = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(TRAP_MODULE))).exports[
  't'
] as () => never
