/** A stretch of a text: UTF-16 units from its beginning. */
export interface Stretch {
  readonly offset: number
  readonly length: number
}

/**
 * Where a part of a string's value stands in its JSON text, quotes and escapes counted.
 *
 * @param raw the JSON text of the string, from quote to quote.
 */
export function stretchOfString(raw: string, part: Stretch): Stretch {
  const begin = skip(raw, { from: 1, units: part.offset })
  return { offset: begin, length: Math.max(1, skip(raw, { from: begin, units: part.length }) - begin) }
}

/** The place after `units` units of the value. */
function skip(raw: string, { from, units }: { readonly from: number; readonly units: number }): number {
  let at = from
  for (let left = units; left > 0 && at < raw.length - 1; left--) {
    if (raw[at] !== '\\') at += 1
    else at += raw[at + 1] === 'u' ? 6 : 2
  }
  return at
}
