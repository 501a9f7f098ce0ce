/** Text as UTF-8. A lone surrogate becomes U+FFFD, as with `TextEncoder`, which not every engine has. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code))
    else bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code))
  }
  return Uint8Array.from(bytes)
}

function continuation(code: number): number {
  return 0x80 | (code & 0x3f)
}

/** UTF-8 as text. Each byte that belongs to no well-formed sequence becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const { code, length } = decodeAt(bytes, at)
    text += String.fromCodePoint(code)
    at += length
  }
  return text
}

const malformed = { code: 0xfffd, length: 1 } as const

function decodeAt(bytes: Uint8Array, at: number): { code: number; length: number } {
  const lead = bytes[at] ?? 0
  if (lead < 0x80) return { code: lead, length: 1 }
  const length =
    lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0
  if (length === 0 || at + length > bytes.length) return malformed
  let code = lead & (0x7f >> length)
  for (let next = at + 1; next < at + length; next++) {
    const byte = bytes[next] ?? 0
    if ((byte & 0xc0) !== 0x80) return malformed
    code = (code << 6) | (byte & 0x3f)
  }
  // Overlong forms, surrogates and what lies beyond Unicode would let a text slip past a comparison of bytes.
  const smallest = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000
  if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return malformed
  return { code, length }
}
