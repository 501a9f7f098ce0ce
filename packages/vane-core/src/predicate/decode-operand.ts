import { parseIp, unmapIp } from '../policy/ip-address.ts'
import {
  decodeBoolean,
  decodeInteger,
  decodeParsed,
  quoted,
  unknownWord,
  type Decode,
  type Parsed,
} from '../schema/decode-scalar.ts'
import { decodeBytes } from '../schema/decode-bytes.ts'
import { decodeList } from '../schema/decode-list.ts'
import type { Problem } from '../schema/problem-sink.ts'
import type { PredicateField } from './fields.ts'
import { formatCidr, formatIp, isIpv4Mapped, parseCidr } from './ip-network.ts'
import type { OperatorSpec } from './operators.ts'
import { checkPathLiteral } from './check-path-literal.ts'
import { parseMethod } from '../rules/decode-method.ts'
import { decodePattern } from './decode-pattern.ts'
import type { PredicateValue } from './types.ts'

/** A network such as `10.0.0.0/8`, in its one text form. */
export const decodeNetwork: Decode<string> = (node, sink) => {
  const network = decodeNetworkText(node, sink)
  const written = String(node.value)
  // Compared as bytes, since one address has many spellings.
  const address = parsePlainIp(written.slice(0, written.indexOf('/')))
  if (network !== undefined && address !== undefined && formatIp(address) !== network.slice(0, network.indexOf('/'))) {
    sink.at(node, {
      severity: 'warning',
      code: 'network-host-bits',
      message: `${quoted(written)} is all of ${network}: what follows the first ${network.slice(network.indexOf('/') + 1)} bits does not count`,
      suggestion: `write "${network}", or "${formatIp(address)}/${address.length * 8}" for that address alone`,
    })
  }
  return network
}

const decodeNetworkText = decodeParsed('a network such as "10.0.0.0/8"', parseNetwork)

/** The decoder of an operator's operand on a field: answers the canonical form that {@link PredicateValue} describes. */
export function decodeOperand(field: PredicateField, operator: OperatorSpec): Decode<PredicateValue> {
  switch (operator.operand) {
    case 'value':
      return decodeValue(field)
    case 'values': {
      const list = decodeList(decodeValue(field), { what: `values of ${field.path}`, min: 1 })
      return (node, sink) => {
        const values = list(node, sink)
        return values === undefined ? undefined : [...new Set(values.filter((value) => typeof value !== 'boolean'))]
      }
    }
    case 'cidr':
      return decodeNetwork
    case 'path':
      return decodeParsed('a path such as "/api"', parsePathOperand)
    case 'text':
      if (field.type === 'bytes') return decodeValue(field)
      return decodeParsed(textOf(field), (text) => checkForm(field, text))
    case 'pattern':
      return decodePattern(textOf(field))
  }
}

function decodeValue(field: PredicateField): Decode<string | number | boolean> {
  switch (field.type) {
    case 'int':
      return decodeInteger({ what: field.path, min: 0, max: 65_535 })
    case 'bool':
      return decodeBoolean(field.path)
    case 'ip':
      return decodeParsed('an IP address', parseIpOperand)
    case 'enum':
      return decodeParsed(`a value of ${field.path}`, (text) => parseEnumOperand(field, text))
    case 'bytes': {
      const bytes = decodeBytes(`bytes to compare ${field.path} with`)
      return (node, sink) => {
        const value = bytes(node, sink)
        return value === undefined ? undefined : Buffer.from(value).toString('latin1')
      }
    }
    case 'string':
    case 'list':
      return decodeParsed(textOf(field), (text) => parseStringOperand(field, text))
  }
}

function textOf(field: PredicateField): string {
  return `text to compare ${field.path} with`
}

function parseIpOperand(text: string): Parsed<string> {
  const address = parsePlainIp(text)
  if (address === undefined) {
    const suggestion = parseCidr(text) === undefined ? undefined : 'use the operator "cidr" for a network'
    return invalid(`${quoted(text)} is not an IP address`, suggestion)
  }
  if (isIpv4Mapped(address)) {
    return invalid(`IPv4 peers are never seen as ${quoted(text)}`, `write "${formatIp(unmapIp(address))}"`)
  }
  return { value: formatIp(address) }
}

function parseNetwork(text: string): Parsed<string> {
  const network = parseCidr(text)
  if (network !== undefined) return { value: formatCidr(network) }
  const address = parsePlainIp(text)
  const suggestion = address === undefined ? undefined : `write "${text}/${address.length * 8}"`
  const message = `${quoted(text)} is not a network such as "10.0.0.0/8"`
  return { problem: { code: 'invalid-network', message, ...(suggestion === undefined ? {} : { suggestion }) } }
}

/** Zones name interfaces of one machine; an address is compared without. */
function parsePlainIp(text: string): Uint8Array | undefined {
  return text.includes('%') ? undefined : parseIp(text)
}

/** A path to compare whole segments with: it begins with a slash and ends before the query. */
export function parsePathOperand(text: string): Parsed<string> {
  if (!text.startsWith('/'))
    return invalid(`a path prefix begins with "/", ${quoted(text)} does not`, `write ${quoted(`/${text}`)}`)
  if (/[?#]/.test(text)) return invalid(`a path prefix has no query or fragment, ${quoted(text)} has`)
  return toParsed(text, checkPathLiteral(text, 'whole'))
}

function parseEnumOperand(field: PredicateField, text: string): Parsed<string> {
  if (field.values !== undefined) {
    if (field.values.includes(text)) return { value: text }
    const what = `value of ${field.path}`
    const problem = unknownWord(text, field.values, { code: 'invalid-operand', what })
    // `HTTP/1.1`, `2.0`, `h2`, `TLSv1.3`: the number is what counts.
    const number = /^(?:https?\/|h|tls ?v?|v)?(\d(?:\.\d)?)$/i.exec(text)?.[1]
    const meant = field.values.find((value) => value === number || `${value}.0` === number)
    return { problem: meant === undefined ? problem : { ...problem, suggestion: `write "${meant}"` } }
  }
  return parseMethod(text)
}

function parseStringOperand(field: PredicateField, text: string): Parsed<string> {
  if (field.path === 'http.host' || field.path === 'tls.sni') {
    const match = /^([^:[\]]+):\d+$/.exec(text)
    if (match !== null) return invalid(`${field.path} never has a port`, `write ${quoted(match[1]!.toLowerCase())}`)
  }
  if (field.form === 'path') return toParsed(text, checkPathLiteral(text, 'whole'))
  return checkForm(field, text)
}

function toParsed(text: string, problem: Problem | undefined): Parsed<string> {
  return problem === undefined ? { value: text } : { problem }
}

function checkForm(field: PredicateField, text: string): Parsed<string> {
  if (field.form === 'path') return toParsed(text, checkPathLiteral(text, 'part'))
  const lower = text.toLowerCase()
  if (field.form !== 'lower-case' || lower === text) return { value: text }
  const message = `${field.path} is always lower case, ${quoted(text)} never occurs in it`
  return { problem: { code: 'upper-case-literal', message, suggestion: `write ${quoted(lower)}` } }
}

function invalid(message: string, suggestion?: string): { problem: Problem } {
  return { problem: { code: 'invalid-operand', message, ...(suggestion === undefined ? {} : { suggestion }) } }
}
