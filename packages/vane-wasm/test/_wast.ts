/** An S-expression: an atom as written, strings with their quotes, or a list. */
export type Sexp = string | SexpList

/** A list that remembers where it stands. */
export interface SexpList {
  readonly items: readonly Sexp[]
  readonly start: number
  readonly end: number
}

/** Whether it is a list and no atom. */
export function isList(sexp: Sexp): sexp is SexpList {
  return typeof sexp === 'object'
}

/** The word that a list begins with. */
export function headOf({ items }: SexpList): string {
  return typeof items[0] === 'string' ? items[0] : ''
}

/** Splits a `.wast` script into its top-level expressions. */
export function parseWast(text: string): Sexp[] {
  const token = /;;[^\n]*|\(;|"(?:[^"\\]|\\.)*"|[()]|[^\s()";]+|;/gy
  const stack: { items: Sexp[]; start: number }[] = [{ items: [], start: 0 }]
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) throw new Error(`cannot read wast at ${at}`)
    const word = match[0]
    if (word === '(;') {
      at = skipBlockComment(text, at)
      continue
    }
    at = token.lastIndex
    if (word.startsWith(';;')) continue
    if (word === '(') stack.push({ items: [], start: at - 1 })
    else if (word === ')') {
      const done = stack.pop()!
      stack.at(-1)!.items.push({ items: done.items, start: done.start, end: at })
    } else stack.at(-1)!.items.push(word)
  }
  return stack[0]!.items
}

function skipBlockComment(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text.startsWith('(;', at)) {
      depth++
      at++
    } else if (text.startsWith(';)', at)) {
      at++
      if (--depth === 0) return at + 1
    }
  }
  return text.length
}

/** A quoted string as text. */
export function wastText(quoted: Sexp | undefined): string {
  return new TextDecoder().decode(toBytes(quoted))
}

/** Bytes of a quoted string. */
export function toBytes(quoted: Sexp | undefined): Uint8Array {
  if (typeof quoted !== 'string') throw new Error('expected a string')
  const out: number[] = []
  const encoder = new TextEncoder()
  for (let i = 1; i < quoted.length - 1; i++) {
    const char = quoted[i]!
    if (char !== '\\') {
      const point = String.fromCodePoint(quoted.codePointAt(i)!)
      out.push(...encoder.encode(point))
      i += point.length - 1
      continue
    }
    const next = quoted[++i]!
    const simple = { n: 10, t: 9, r: 13, '"': 34, "'": 39, '\\': 92 }[next]
    if (simple !== undefined) out.push(simple)
    else if (next === 'u') {
      const close = quoted.indexOf('}', i)
      out.push(
        ...encoder.encode(String.fromCodePoint(Number.parseInt(quoted.slice(i + 2, close).replaceAll('_', ''), 16))),
      )
      i = close
    } else {
      out.push(Number.parseInt(quoted.slice(i, i + 2), 16))
      i++
    }
  }
  return new Uint8Array(out)
}

/** A constant as JavaScript has it; `undefined` for one that it has not. */
export function toJsValue(sexp: Sexp): unknown {
  if (!isList(sexp)) return undefined
  const word = sexp.items[1]
  const text = typeof word === 'string' ? word.replaceAll('_', '') : ''
  switch (headOf(sexp)) {
    case 'i32.const':
      return Number(BigInt.asIntN(32, toInteger(text)))
    case 'i64.const':
      return BigInt.asIntN(64, toInteger(text))
    case 'f32.const':
    case 'f64.const':
      return toFloat(text)
    case 'ref.null':
      return null
    case 'ref.extern':
    case 'ref.host':
      return { extern: text }
    default:
      return undefined
  }
}

function toInteger(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''))
}

/** Not exact for hexadecimal numbers of many digits: both worlds are given the same. */
function toFloat(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[+-]/, '')
  if (digits === 'inf') return sign * Infinity
  if (digits.startsWith('nan')) return NaN
  if (!digits.startsWith('0x')) return sign * Number(digits)
  const [, whole = '', fraction = '', exponent = '0'] =
    /^0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i.exec(digits) ?? []
  const shift = Number(exponent) - 4 * fraction.length
  const half = Math.trunc(shift / 2)
  return sign * Number(BigInt(`0x${whole}${fraction}`)) * 2 ** half * 2 ** (shift - half)
}
