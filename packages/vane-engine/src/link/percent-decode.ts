import { fromWireValue } from '../http1/wire-value.ts'

/** What a percent-encoded stretch of a message says, as text. What is no escape stays as it is, `+` too. */
export function percentDecode(wire: string): string {
  if (!wire.includes('%')) return fromWireValue(wire)
  return fromWireValue(
    wire.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  )
}
