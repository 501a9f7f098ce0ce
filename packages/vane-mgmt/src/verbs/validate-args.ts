import { suggest } from 'vane-core'
import { MgmtError } from '../wire/mgmt-error.ts'
import { shorten } from '../wire/request.ts'
import { VERBS, isVerbName, type ArgSpec, type StreamVerbName, type VerbName } from './verbs.ts'

/**
 * Answers the verb a request names, once its arguments fit.
 *
 * @throws MgmtError `unknown_verb` or `invalid_args`, with the near miss where there is one.
 */
export function validateArgs(verb: string, args: Readonly<Record<string, unknown>>): VerbName | StreamVerbName {
  if (!isVerbName(verb)) {
    throw new MgmtError('unknown_verb', `unknown verb "${shorten(verb)}"${didYouMean(verb, Object.keys(VERBS))}`)
  }
  const specs = VERBS[verb].args
  for (const [name, value] of Object.entries(args)) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
    if (spec === undefined) {
      const known = Object.keys(specs)
      const hint = known.length === 0 ? `; ${verb} takes none` : didYouMean(name, known)
      throw new MgmtError('invalid_args', `${verb}: unknown argument "${shorten(name)}"${hint}`)
    }
    const problem = checkValue(spec, value)
    if (problem !== undefined) throw new MgmtError('invalid_args', `${verb}: "${name}" ${problem}`)
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.required && !Object.hasOwn(args, name))
      throw new MgmtError('invalid_args', `${verb}: "${name}" is missing`)
  }
  return verb
}

const MAX_TEXT_LENGTH = 256

function checkValue(spec: ArgSpec, value: unknown): string | undefined {
  switch (spec.type) {
    case 'integer': {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= spec.min && value <= spec.max
      return fits ? undefined : `is an integer from ${spec.min} to ${spec.max}`
    }
    case 'text': {
      const fits = typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && (spec.pattern?.test(value) ?? true)
      return fits ? undefined : `is ${spec.form}, as a string of at most ${MAX_TEXT_LENGTH} characters`
    }
    case 'word':
      return spec.words.some((word) => word === value) ? undefined : `is one of ${spec.words.join(', ')}`
    case 'switch':
      return typeof value === 'boolean' ? undefined : 'is true or false'
  }
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const near = suggest(word, candidates)
  return near === undefined ? '' : `; did you mean "${near}"?`
}
