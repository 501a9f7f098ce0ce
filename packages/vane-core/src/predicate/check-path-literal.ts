import { quoted } from '../schema/decode-scalar.ts'
import type { Problem } from '../schema/problem-sink.ts'
import { normalisePath } from './normalise-path.ts'

/** What {@link normalisePath} leaves nowhere. A backslash stands in what is no UTF-8 alone: `\x{E9}`. */
const NOWHERE: readonly (readonly [found: RegExp, why: string])[] = [
  [/%[0-9a-f]{2}/i, 'paths are compared without percent-encoding'],
  [/\\(?!x\{[89A-F][0-9A-F]\})/, 'a backslash counts as a slash'],
  [/[;?#]/, 'what follows ";", "?" or "#" in a segment is left out'],
  [/\/\//, 'empty segments are left out'],
  [/\/\.\//, 'segments "." are left out'],
  [/\/\.\.\//, 'paths with a segment ".." are refused'],
  [/[\x00-\x1f\x7f]/, 'paths with control characters are refused'],
]
const WHOLE_ONLY: typeof NOWHERE = [
  [/\/\.$/, 'segments "." are left out'],
  [/\/\.\.$/, 'paths with a segment ".." are refused'],
  [/^(?![/*])/, 'paths begin with "/"'],
]

/**
 * Whether a text can be, or occur in, a path as paths are compared: one that cannot makes a rule that never holds, which is a hole
 * where the rule was to keep somebody out.
 *
 * @param extent whether the text is all of the path, or all of its first segments; or any stretch of it.
 * @returns `undefined` where it can.
 */
export function checkPathLiteral(text: string, extent: 'whole' | 'part'): Problem | undefined {
  const causes = extent === 'whole' ? [...NOWHERE, ...WHOLE_ONLY] : NOWHERE
  const cause = causes.find(([found]) => found.test(text))
  if (cause === undefined) return undefined
  const message = `no path is compared as ${quoted(text)}: ${cause[1]}`
  const normal = text.startsWith('/') ? normalisePath(Buffer.from(text, 'utf8').toString('latin1')) : undefined
  if (normal === undefined) return { code: 'unmatchable-path', message }
  const meant = Buffer.from(normal, 'latin1').toString('utf8')
  return { code: 'unmatchable-path', message, suggestion: `write ${quoted(meant)}` }
}
