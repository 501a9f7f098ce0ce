import { notSupportedYet, quoted, unknownWord } from '../schema/decode-scalar.ts'
import type { Problem } from '../schema/problem-sink.ts'

/** Variables a header value may name as `${name}`. */
export const TEMPLATE_VARIABLES: readonly string[] = ['host', 'uri', 'path', 'query', 'remote_ip']

/** What is wrong with the templates in a text; a text without any has nothing wrong. */
export function checkTemplate(text: string): Problem | undefined {
  const open = text.indexOf('${')
  if (open === -1) return undefined
  const close = text.indexOf('}', open)
  if (close === -1) return { code: 'unknown-template', message: `the template in ${quoted(text)} is not closed` }
  const name = text.slice(open + 2, close)
  if (!TEMPLATE_VARIABLES.includes(name)) {
    return unknownWord(name, TEMPLATE_VARIABLES, { code: 'unknown-template', what: 'template variable' })
  }
  return notSupportedYet(`the template "\${${name}}"`)
}
