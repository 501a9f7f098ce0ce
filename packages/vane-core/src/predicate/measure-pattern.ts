/** What a regular expression costs, about and never much less. */
export interface PatternCost {
  /** What it compiles to: an atom is one, a group two more, a counted repetition as many times what it repeats. */
  readonly instructions: number
  /** What compiling takes, in instructions' worth: classes of Unicode are tables, and folding their case is work. */
  readonly effort: number
}

// A class of Unicode is a few hundred ranges; with case folded, each of its characters is looked up.
const CLASS_EFFORT = 25
const FOLDED_CLASS_EFFORT = 160
const FOLDED_CHARACTERS_PER_EFFORT = 25
// Nothing above has another case.
const LAST_FOLDED = 0x1e943

const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\x\{[^}]*(?:\}|$)|\\[pP]\{[^}]*(?:\}|$)|\\[pP]?[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w*:\]|[^\]\\])*(?:\]|$)|\(\?[^()]*?[:>)]|\{\d{1,4}(?:,\d{0,4})?\}|[\s\S]/gu
const RANGE = /(?:\\x\{([0-9A-Fa-f]{1,6})\}|([^\\]))-(?:\\x\{([0-9A-Fa-f]{1,6})\}|([^\\]))/gu

/** Measures a pattern without understanding it: what is no pattern gets some number, too. Linear in its length. */
export function measurePattern(pattern: string): PatternCost {
  const isFolded = /\(\?[A-Za-z]*i/.test(pattern)
  const outer: number[] = []
  let total = 0
  // What a repetition would repeat.
  let last = 0
  let tables = 0
  const add = (cost: number): void => {
    total += cost
    last = cost
  }
  for (const [token] of pattern.matchAll(TOKEN)) {
    const repeat = /^\{(\d+)(,(\d*))?\}$/.exec(token)
    if (repeat !== null) {
      const times = Math.max(1, Number(repeat[1]), Number(repeat[3] ?? 0))
      // Optional copies need a choice each.
      const each = repeat[2] === undefined ? last : last + 1
      total += each * times - last
      last = each * times
    } else if (token.startsWith('(') && !(token.startsWith('(?') && token.endsWith(')'))) {
      outer.push(total)
      total = token === '(' || token.endsWith('>') ? 2 : 0
      last = 0
    } else if (token === ')') {
      const inner = total
      total = outer.pop() ?? 0
      add(inner)
    } else if (token.startsWith('\\Q')) {
      add(token.length)
    } else if (!/^[?*+|]$/.test(token)) {
      add(1)
      tables += tableEffort(token, isFolded)
    } else {
      total += 1
      if (token !== '|') last += 1
    }
  }
  for (const before of outer) total += before
  return { instructions: total, effort: total + tables }
}

function tableEffort(token: string, isFolded: boolean): number {
  const isClass = token.startsWith('[')
  if (!isClass && !/^\\[pP]/.test(token)) return 0
  let effort = (token.match(/\\[pP]/g)?.length ?? 0) * (isFolded ? FOLDED_CLASS_EFFORT : CLASS_EFFORT)
  if (!isClass || !isFolded) return effort
  for (const [, fromHex, from, toHex, to] of token.matchAll(RANGE)) {
    const span = Math.min(codePoint(toHex, to), LAST_FOLDED) - codePoint(fromHex, from)
    if (span > 0) effort += Math.ceil(span / FOLDED_CHARACTERS_PER_EFFORT)
  }
  return effort
}

function codePoint(hex: string | undefined, character: string | undefined): number {
  return hex === undefined ? (character?.codePointAt(0) ?? 0) : Number.parseInt(hex, 16)
}
