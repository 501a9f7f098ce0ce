import { decodeText, type Decode } from '../schema/decode-scalar.ts'
import { measurePattern } from './measure-pattern.ts'
import { MAX_PATTERN_BYTES, MAX_PATTERN_EFFORT, parsePattern } from './pattern.ts'

/** Work that the patterns of one file may be together: a second or two of compiling. */
export const MAX_FILE_PATTERN_EFFORT = 1_000_000

/** A regular expression, compiled once to know that it can be; whoever runs it compiles it again. */
export function decodePattern(what: string): Decode<string> {
  const decode = decodeText(what)
  return (node, sink) => {
    const text = decode(node, sink)
    if (text === undefined || sink.isFull) return undefined
    const effort = text.length > MAX_PATTERN_BYTES ? 0 : measurePattern(text).effort
    // What is too large by itself is refused without having been compiled.
    if (effort <= MAX_PATTERN_EFFORT) sink.patternEffort += effort
    if (sink.patternEffort > MAX_FILE_PATTERN_EFFORT) {
      const message = `the patterns of this file take more than ${MAX_FILE_PATTERN_EFFORT} steps to compile together`
      sink.at(node, { code: 'pattern-too-large', message })
      return undefined
    }
    const parsed = parsePattern(text)
    if ('value' in parsed) return text
    sink.at(node, parsed.problem)
    return undefined
  }
}
