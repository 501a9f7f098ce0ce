import type { FieldPredicate, HttpRequest } from 'vane-core'
import type { PredicateTest } from './predicate-test.ts'

/**
 * Makes a comparison of a request's body ready to run, on the bytes as they lie in memory. A request without a body has an
 * empty one.
 *
 * @returns `undefined` where bytes cannot be compared so.
 */
export function createBodyTest({ op, value }: FieldPredicate): PredicateTest | undefined {
  const operands = (typeof value === 'object' ? value : [value]).map((text) => Buffer.from(String(text), 'latin1'))
  const compare = COMPARISONS[op]
  if (compare === undefined) return undefined
  const isNegative = op === 'not_equals' || op === 'not_in' || op === 'not_contains'
  return (_connection, request) => {
    const body = bytesOf(request)
    return body !== undefined && operands.some((operand) => compare(body, operand)) !== isNegative
  }
}

type Compare = (body: Buffer, operand: Buffer) => boolean

const isEqual: Compare = (body, operand) => body.equals(operand)
const holds: Compare = (body, operand) => body.includes(operand)

const COMPARISONS: Readonly<Partial<Record<FieldPredicate['op'], Compare>>> = {
  equals: isEqual,
  not_equals: isEqual,
  in: isEqual,
  not_in: isEqual,
  contains: holds,
  not_contains: holds,
  prefix: (body, operand) => body.length >= operand.length && body.subarray(0, operand.length).equals(operand),
  suffix: (body, operand) =>
    body.length >= operand.length && body.subarray(body.length - operand.length).equals(operand),
}

/** The executor has collected it: a body that still streams, or a connection without a request, has none to look at. */
function bytesOf(request: HttpRequest | undefined): Buffer | undefined {
  switch (request?.body.kind) {
    case 'empty':
      return Buffer.alloc(0)
    case 'fixed': {
      const { buffer, byteOffset, byteLength } = request.body.bytes
      return Buffer.from(buffer, byteOffset, byteLength)
    }
    default:
      return undefined
  }
}
