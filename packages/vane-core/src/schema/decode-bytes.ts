import { wrongType, type Decode, type Parsed } from './decode-scalar.ts'
import { propertiesOf } from './json-node.ts'

/** Bytes as a rule file writes them: a text, which is UTF-8, or `{ "base64": "..." }`. */
export function decodeBytes(what: string): Decode<Uint8Array> {
  return (node, sink) => {
    if (node.type === 'string') return Buffer.from(node.value as string)
    const [first, second] = node.type === 'object' ? [...propertiesOf(node)] : []
    if (first?.name !== 'base64' || second !== undefined || first.value.type !== 'string') {
      return wrongType(node, sink, `${what} (a string, or { "base64": "..." })`)
    }
    const parsed = parseBase64(String(first.value.value))
    if ('value' in parsed) return parsed.value
    sink.at(first.value, parsed.problem)
    return undefined
  }
}

/** RFC 4648 §4, with its padding: one text for each sequence of bytes. */
export function parseBase64(text: string): Parsed<Uint8Array> {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') === text) return { value: bytes }
  const isUrlSafe = /^[\w-]*=*$/.test(text) && /[-_]/.test(text)
  const suggestion = isUrlSafe ? 'write "+" and "/" for "-" and "_"' : 'write it without white space, padded with "="'
  return { problem: { code: 'invalid-base64', message: 'the text is not base64', suggestion } }
}
