import { decodeText, type Decode } from '../schema/decode-scalar.ts'
import { parsePattern } from './pattern.ts'
import { patternSize } from './pattern-size.ts'

/** Instructions the patterns of one file may have together: a second or two of compiling. */
export const MAX_FILE_PATTERN_INSTRUCTIONS = 1_000_000

/** A regular expression, compiled once to know that it can be; whoever runs it compiles it again. */
export function decodePattern(what: string): Decode<string> {
  const decode = decodeText(what)
  return (node, sink) => {
    const text = decode(node, sink)
    if (text === undefined) return undefined
    if (sink.patternInstructions > MAX_FILE_PATTERN_INSTRUCTIONS) {
      const message = `the patterns of this file exceed ${MAX_FILE_PATTERN_INSTRUCTIONS} instructions together`
      sink.at(node, { code: 'pattern-too-large', message })
      return undefined
    }
    const parsed = parsePattern(text)
    if ('problem' in parsed) {
      sink.at(node, parsed.problem)
      return undefined
    }
    sink.patternInstructions += patternSize(text)
    return text
  }
}
