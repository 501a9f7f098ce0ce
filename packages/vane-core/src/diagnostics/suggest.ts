// Longer words are not typing mistakes of ours, and the table below grows with their square.
const MAX_WORD_LENGTH = 64
// Fewer letters begin too many words by chance.
const MIN_BEGINNING = 4

/**
 * The candidate that a misspelt word was most likely meant to be, `undefined` where none is near.
 *
 * Near is a third of the word's length in Damerau-Levenshtein edits (insert, delete, replace, swap neighbours), at least
 * one; case is free. Of equally near candidates the first wins. Where none is near, the only one that begins with the word is
 * meant.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > MAX_WORD_LENGTH) return undefined
  const folded = word.toLowerCase()
  let best: string | undefined
  let bestCost = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const cost = editDistance(folded, candidate.toLowerCase(), bestCost - 1)
    if (cost >= bestCost) continue
    best = candidate
    bestCost = cost
  }
  return best ?? onlyLonger(folded, candidates)
}

function onlyLonger(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < MIN_BEGINNING) return undefined
  const longer = [...candidates].filter((candidate) => candidate.toLowerCase().startsWith(word))
  return longer.length === 1 ? longer[0] : undefined
}

/** Edits between two words; anything above `limit` is reported as `limit + 1`, which lets the walk stop early. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replace, last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1)
      row.push(cost)
      if (cost < least) least = cost
    }
    // A swap reaches back two rows, so both must be past the limit before nothing can come back under it.
    if (least > limit && Math.min(...last) > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return Math.min(last[b.length]!, limit + 1)
}
