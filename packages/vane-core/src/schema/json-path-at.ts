import { getLocation } from 'jsonc-parser'
import { pathStep } from './json-node.ts'

/** The JSON path of the value at an offset, as `jsonPath` writes it. It reads the text from its beginning to there. */
export function jsonPathAt(text: string, offset: number): string {
  // Just inside the value: its first character belongs to what is before it.
  const steps = getLocation(text, offset + 1).path
  // Inside of brackets the step to what they hold has begun.
  const own = text[offset] === '{' || text[offset] === '[' ? steps.slice(0, -1) : steps
  const path = own.map(pathStep).join('')
  return path.startsWith('.') ? path.slice(1) : path
}
