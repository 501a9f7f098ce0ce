import { createScanner } from 'jsonc-parser'

/** How much JSON is read at most. */
export interface JsonBounds {
  /** Objects and lists inside each other. */
  readonly maxNesting: number
  /** Values, keys and commas. */
  readonly maxTokens: number
}

/** Far above what people and generators write, far below what exhausts a stack or a heap. */
export const DEFAULT_JSON_BOUNDS: JsonBounds = { maxNesting: 64, maxTokens: 4_000_000 }

/** Which bound a text breaks, and where. */
export interface BoundsViolation {
  readonly bound: keyof JsonBounds
  readonly offset: number
}

// jsonc-parser's `SyntaxKind` is a const enum that cannot be imported into isolated modules.
const OPEN_BRACE = 1
const CLOSE_BRACE = 2
const OPEN_BRACKET = 3
const CLOSE_BRACKET = 4
const END = 17

/**
 * Looks for a broken bound before anything is parsed: the parser recurses for each level of nesting and allocates for each
 * value. It reads the tokens the parser will read, so the two cannot disagree on what is inside a string.
 */
export function findBoundsViolation(text: string, bounds: JsonBounds): BoundsViolation | undefined {
  const scanner = createScanner(text, true)
  const open: number[] = []
  let tokens = 0
  for (let token: number = scanner.scan(); token !== END; token = scanner.scan()) {
    if (++tokens > bounds.maxTokens) return { bound: 'maxTokens', offset: scanner.getTokenOffset() }
    if (token === OPEN_BRACE || token === OPEN_BRACKET) {
      open.push(token)
      if (open.length > bounds.maxNesting) return { bound: 'maxNesting', offset: scanner.getTokenOffset() }
    } else if (
      // A closing token of the other kind closes nothing in the parser either: `[}[}[}` is three levels.
      (token === CLOSE_BRACE && open.at(-1) === OPEN_BRACE) ||
      (token === CLOSE_BRACKET && open.at(-1) === OPEN_BRACKET)
    ) {
      open.pop()
    }
  }
  return undefined
}
