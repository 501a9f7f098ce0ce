import { type HeaderList, parseIp } from 'vane-core'

/**
 * Addresses that proxies wrote down, each that of its own peer, the nearest last. `undefined` stands for one that is no
 * address: unknown, or hidden on purpose (RFC 7239 §6.3).
 */
export type ClientChain = readonly (string | undefined)[]

/** Reads the chain in `X-Forwarded-For`; `undefined` where there is none. */
export function readForwardedFor(headers: HeaderList): ClientChain | undefined {
  if (!headers.has('x-forwarded-for')) return undefined
  return headers
    .getAll('x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((entry) => toAddress(entry.trim()))
}

/** Reads the chain of `for` parameters in `Forwarded` (RFC 7239 §4); `undefined` where there is none. */
export function readForwarded(headers: HeaderList): ClientChain | 'broken' | undefined {
  if (!headers.has('forwarded')) return undefined
  // One list, however many lines it came in (RFC 9110 §5.3).
  const text = headers.getAll('forwarded').join(',')
  const chain: (string | undefined)[] = []
  let node: string | undefined
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text)
    // What cannot be read to its end may have been written so that two readers see different things.
    if (match === null) return 'broken'
    const [, name, token, quoted, separator] = match
    if (name?.toLowerCase() === 'for') node = token ?? quoted?.replace(/\\(.)/g, '$1')
    if (separator === ';') continue
    if (name !== undefined) chain.push(node === undefined ? undefined : toAddress(node))
    node = undefined
  }
  return chain
}

/**
 * One `name=value`, or nothing where a list has an empty element, up to its `;`, `,` or the end. Sticky; and no two
 * stretches of blanks meet, so that a long one costs linear time.
 */
const PAIR =
  /[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(;|,|$)/y

/** The address of a node, which may have a port; IPv6 is in brackets then (RFC 7239 §6), but not in `X-Forwarded-For`. */
function toAddress(node: string): string | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node)
  const text = match?.[1] ?? match?.[2] ?? node
  return parseIp(text) === undefined ? undefined : text
}
