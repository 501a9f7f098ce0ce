import type { FunctionType, NamedType, ValueType } from '../plan/value-type.ts'

/**
 * Compares a function's type with the one that it ought to have. Names of parameters may differ, all others may not.
 *
 * @returns what differs, such as `parameter 2`, or `undefined`.
 */
export function findDifference(found: FunctionType, expected: FunctionType): string | undefined {
  if (found.params.length !== expected.params.length) return `${found.params.length} parameters`
  for (const [index, { type }] of expected.params.entries()) {
    if (!isSameType(found.params[index]?.type, type)) return `parameter ${index + 1}`
  }
  return isSameType(found.result, expected.result) ? undefined : 'the result'
}

function isSameType(found: ValueType | undefined, expected: ValueType | undefined): boolean {
  if (found === undefined || expected === undefined) return found === expected
  switch (expected.kind) {
    case 'record':
      return found.kind === 'record' && isSameList(found.fields, expected.fields, isSameMember)
    case 'variant':
      return found.kind === 'variant' && isSameList(found.cases, expected.cases, isSameMember)
    case 'tuple':
      return found.kind === 'tuple' && isSameList(found.items, expected.items, isSameType)
    case 'enum':
    case 'flags':
      return found.kind === expected.kind && isSameList(found.names, expected.names, Object.is)
    case 'list':
    case 'option':
      return found.kind === expected.kind && isSameType(found.of, expected.of)
    case 'result':
      return found.kind === 'result' && isSameType(found.ok, expected.ok) && isSameType(found.err, expected.err)
    case 'own':
    case 'borrow':
      return found.kind === expected.kind && found.resource.id === expected.resource.id
    default:
      return found.kind === expected.kind
  }
}

function isSameMember(found: NamedType<ValueType | undefined>, expected: NamedType<ValueType | undefined>): boolean {
  return found.name === expected.name && isSameType(found.type, expected.type)
}

function isSameList<T>(found: readonly T[], expected: readonly T[], isSame: (a: T, b: T) => boolean): boolean {
  return found.length === expected.length && found.every((item, index) => isSame(item, expected[index]!))
}
