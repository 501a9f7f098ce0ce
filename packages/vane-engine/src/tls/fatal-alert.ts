/** A listener has no certificate for the name (RFC 6066 §3). */
export const UNRECOGNIZED_NAME = 112
/** A listener needs a name to know its certificate, and the client gave none (RFC 8446 §9.2). */
export const MISSING_EXTENSION = 109

/** A fatal alert as a record of its own, for a handshake that ends before it has begun (RFC 8446 §6). */
export function fatalAlert(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description])
}
