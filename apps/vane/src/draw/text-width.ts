const NARROW = new Set("ijlftrI.,:;'|!()[]{}/\\- `")
const WIDE = new Set('mwMWGOQ@%→≠≥≤…_=+<>')

/**
 * Pixels that a line takes in a sans-serif face, over rather than under: the reader's font is not known, and a box that is a
 * little too wide looks better than text that leaves it.
 */
export function textWidth(text: string, sizePx: number, isBold: boolean = false): number {
  let ems = 0
  for (const char of text) ems += charEms(char)
  return ems * sizePx * (isBold ? 1.12 : 1)
}

function charEms(char: string): number {
  const code = char.codePointAt(0) ?? 0
  if (NARROW.has(char)) return 0.38
  if (WIDE.has(char)) return 0.9
  if (code >= 0x41 && code <= 0x5a) return 0.72
  if (code < 0x300) return 0.64
  if (code < 0x370) return 0
  // Scripts up to Thai and Georgian are about as wide as Latin capitals; East Asian ones and pictures fill a square and more.
  return code < 0x1100 ? 0.75 : code < 0x2e80 ? 1 : 1.25
}
