import { oneOf, quoted, unknownWord } from '../schema/decode-scalar.ts'
import type { Problem } from '../schema/problem-sink.ts'

/** Variables a header value may name as `${name}`. */
export const TEMPLATE_VARIABLES: readonly string[] = ['host', 'uri', 'path', 'query', 'remote_ip']

/** What is wrong with the templates in a text; a text without any has nothing wrong. */
export function checkTemplate(text: string): Problem | undefined {
  for (let open = text.indexOf('${'); open !== -1; open = text.indexOf('${', open + 2)) {
    const close = text.indexOf('}', open)
    if (close === -1) {
      const message = `the template in ${quoted(text)} is not closed`
      const within = { offset: open, length: text.length - open }
      return { code: 'unknown-template', message, expected: oneOf(TEMPLATE_VARIABLES), within }
    }
    const name = text.slice(open + 2, close)
    if (TEMPLATE_VARIABLES.includes(name)) continue
    const problem = unknownWord(name, TEMPLATE_VARIABLES, { code: 'unknown-template', what: 'template variable' })
    return { ...problem, within: { offset: open, length: close + 1 - open } }
  }
  return undefined
}
