/**
 * About how many instructions a regular expression compiles to, never much less: each atom is one, a group two more, and a
 * counted repetition as many times what it repeats. Read without understanding: what is no pattern gets some number, too.
 */
export function patternSize(pattern: string): number {
  const tokens =
    /\\Q[\s\S]*?(?:\\E|$)|\\x\{[^}]*\}|\\[pP]\{[^}]*\}|\\[pP]?[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w*:\]|[^\]\\])*\]|\(\?[^()]*?[:>)]|\{\d{1,4}(?:,\d{0,4})?\}|[\s\S]/g
  const outer: { total: number; last: number }[] = []
  let total = 0
  // What a repetition would repeat.
  let last = 0
  const add = (cost: number): void => {
    total += cost
    last = cost
  }
  for (const [token] of pattern.matchAll(tokens)) {
    const repeat = /^\{(\d+)(,(\d*))?\}$/.exec(token)
    if (repeat !== null) {
      const times = Math.max(1, Number(repeat[1]), Number(repeat[3] ?? 0))
      // Optional copies need a choice each.
      const each = repeat[2] === undefined ? last : last + 1
      total += each * times - last
      last = each * times
    } else if (token.startsWith('(') && !(token.startsWith('(?') && token.endsWith(')'))) {
      outer.push({ total, last })
      total = token === '(' || token.endsWith('>') ? 2 : 0
      last = 0
    } else if (token === ')') {
      const inner = total
      ;({ total } = outer.pop() ?? { total: 0 })
      add(inner)
    } else if (token.startsWith('\\Q')) {
      add(token.length)
    } else if (!/^[?*+|]$/.test(token)) {
      add(1)
    } else {
      total += 1
      if (token !== '|') last += 1
    }
  }
  for (const { total: before } of outer) total += before
  return total
}
