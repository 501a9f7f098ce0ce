import { BinaryFormatError } from '../binary/binary-format-error.ts'

// A label of the component model. Nothing with a meaning of its own in JavaScript, `__proto__` above all, is one.
const LABEL = /^[A-Za-z][0-9A-Za-z]*(?:-[0-9A-Za-z]+)*$/

/**
 * Asserts that names are labels, at least one, and different.
 *
 * @throws BinaryFormatError
 */
export function assertCaseNames(names: readonly string[]): void {
  if (names.length === 0) throw new BinaryFormatError('a type without cases or fields')
  for (const name of names) {
    if (!LABEL.test(name)) throw new BinaryFormatError(`${JSON.stringify(name.slice(0, 80))} is no label`)
  }
  if (new Set(names).size !== names.length) throw new BinaryFormatError('a name occurs twice in a type')
}

/** Like {@link assertCaseNames}, for names that become those of JavaScript properties. */
export function assertFieldNames(names: readonly string[]): void {
  assertCaseNames(names)
  if (new Set(names.map(toCamelCase)).size !== names.length)
    throw new BinaryFormatError('a name occurs twice in a type')
}

/** `peer-ip` → `peerIp`: how a field is called in JavaScript. */
export function toCamelCase(name: string): string {
  return name.replaceAll(/-([0-9A-Za-z])/g, (_, letter: string) => letter.toUpperCase())
}
