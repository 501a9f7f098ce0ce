const REPLACEMENT = '\uFFFD'

/**
 * One line that shows what a text holds: control characters become control pictures (`␊`), and whatever no document may hold
 * or would reorder the line (lone surrogates, noncharacters, bidirectional controls) becomes U+FFFD. Cut with `…` at
 * `maxChars` code points.
 */
export function visibleText(text: string, maxChars: number = Number.POSITIVE_INFINITY): string {
  const shown: string[] = []
  for (const char of text) {
    if (shown.length >= maxChars) {
      shown[maxChars - 1] = '…'
      break
    }
    shown.push(visibleChar(char))
  }
  return shown.join('')
}

function visibleChar(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code < 0x7f) return char
  if (code === 0x7f) return '\u2421'
  if (code < 0xa0 || code === 0xad) return REPLACEMENT
  // Line and paragraph separators, and the controls with which a name could rearrange what stands around it.
  // The joiners U+200C and U+200D belong to the spelling of several scripts and stay.
  if (code === 0x200b || code === 0x200e || code === 0x200f || (code >= 0x2028 && code <= 0x202e)) return REPLACEMENT
  if ((code >= 0x2060 && code <= 0x206f) || code === 0x061c || code === 0xfeff) return REPLACEMENT
  if (code >= 0xd800 && code <= 0xdfff) return REPLACEMENT
  // XML 1.0 §2.2 excludes U+FFFE and U+FFFF; the other planes' are noncharacters as well.
  if ((code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef)) return REPLACEMENT
  return char
}
