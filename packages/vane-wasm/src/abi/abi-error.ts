/** A guest broke the canonical ABI, or handed over more than its budget. Always ends the call as a trap. */
export class AbiError extends Error {
  override readonly name = 'AbiError'
}
