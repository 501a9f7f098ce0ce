import { parseIp } from '../policy/ip-address.ts'
import { decodeParsed, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { parseHost } from './upstream-address.ts'

/** A host name as TLS and `Host` carry it: lower case, no port, no address. `*.` in front stands for one or more labels. */
export function decodeHostName(what: string, { wildcard }: { readonly wildcard: boolean }): Decode<string> {
  return decodeParsed(what, (text) => parseHostName(text, wildcard))
}

function parseHostName(text: string, wildcard: boolean): Parsed<string> {
  const isWildcard = wildcard && text.startsWith('*.')
  const host = isWildcard ? text.slice(2) : text
  const parsed = parseHost(host)
  if (parsed === undefined || parseIp(parsed) !== undefined) {
    const port = /^(.+):\d+$/.exec(text)
    const suggestion = port === null ? {} : { suggestion: `write ${quoted(port[1]!)}, without the port` }
    return { problem: { code: 'invalid-host', message: `${quoted(text)} is not a host name`, ...suggestion } }
  }
  const lower = text.toLowerCase()
  if (lower === text) return { value: text }
  const message = `host names are compared in lower case, ${quoted(text)} never occurs`
  return { problem: { code: 'upper-case-literal', message, suggestion: `write ${quoted(lower)}` } }
}
