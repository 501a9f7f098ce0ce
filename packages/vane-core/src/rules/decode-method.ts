import { decodeParsed, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'

/** An HTTP method. They are case-sensitive, and all registered ones are upper case (RFC 9110 §9.1, §16.1). */
export const decodeMethod: Decode<string> = decodeParsed('a method', parseMethod)

/** An upper-case token. */
export function parseMethod(text: string): Parsed<string> {
  if (/^[!#$%&'*+\-.^`|~0-9A-Z_]+$/.test(text)) return { value: text }
  const upper = text.toUpperCase()
  return {
    problem: {
      code: 'invalid-operand',
      message: `${quoted(text)} is not an upper-case token`,
      ...(upper === text ? {} : { suggestion: `write ${quoted(upper)}` }),
    },
  }
}
