/**
 * Header values on the message model are as Node reads and writes them: one UTF-16 unit per byte. These two convert from
 * and to the text that people and plugins mean.
 */

const NOT_ASCII = /[^\x00-\x7f]/

/** Text as the value of a field: its UTF-8 bytes, one unit each. */
export function toWireValue(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}

/** A field's value as text: UTF-8 where it is that, and `\x{HH}` for each byte that is not. */
export function fromWireValue(value: string): string {
  if (!NOT_ASCII.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? escapeInvalid(bytes) : text
}

/** Text that came from {@link fromWireValue} back as a field's value: an unchanged value keeps its bytes. */
export function toWireValueUnescaped(text: string): string {
  const wire = toWireValue(text)
  if (!wire.includes('\\x{')) return wire
  return wire.replace(/\\x\{([89A-F][0-9A-F])\}/g, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function escapeInvalid(bytes: Buffer): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at]!)
    try {
      text += decoder.decode(bytes.subarray(at, at + length))
      at += length
    } catch {
      text += `\\x{${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}}`
      at++
    }
  }
  return text
}

/** Bytes a UTF-8 sequence has by its first one; 1 for bytes that begin none. */
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4
  if (first >= 0xe0) return 3
  return first >= 0xc0 ? 2 : 1
}
