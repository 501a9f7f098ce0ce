import type { Predicate } from 'vane-core'
import { predicateWords } from '../draw/predicate-words.ts'

/** A predicate as a person would say it: `host = a.test or not (path under /api)`. Not escaped. */
export function predicateText(predicate: Predicate): string {
  switch (predicate.op) {
    case 'any_of':
      return predicate.of.map((part) => inner(part)).join(' or ')
    case 'all_of':
      return predicate.of.map((part) => inner(part)).join(' and ')
    case 'not':
      return `not (${predicateText(predicate.of)})`
    default:
      return predicateWords(predicate)
  }
}

/** Every field a predicate looks at, once. */
export function fieldsOf(predicate: Predicate): string[] {
  if (predicate.op === 'not') return fieldsOf(predicate.of)
  if (predicate.op === 'any_of' || predicate.op === 'all_of') return [...new Set(predicate.of.flatMap(fieldsOf))]
  return [predicate.field]
}

function inner(predicate: Predicate): string {
  const text = predicateText(predicate)
  return (predicate.op === 'any_of' || predicate.op === 'all_of') && predicate.of.length > 1 ? `(${text})` : text
}
