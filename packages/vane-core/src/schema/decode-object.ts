import { suggest } from '../diagnostics/suggest.ts'
import { unknownWord, wrongType, type Decode } from './decode-scalar.ts'
import { FORBIDDEN_KEY, propertiesOf, propertyOf, type JsonNode } from './json-node.ts'

/** A key an object may have. */
export interface Field<T> {
  readonly decode: Decode<T>
  readonly isRequired: boolean
  /** What an absent key means. */
  readonly fallback: T | undefined
}

/** The keys of an object, by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What an object with these keys decodes to. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** A key that must be there. */
export function required<T>(decode: Decode<T>): Field<T> {
  return { decode, isRequired: true, fallback: undefined }
}

/** A key that may be absent, which then is `undefined`. */
export function optional<T>(decode: Decode<T>): Field<T | undefined> {
  return { decode, isRequired: false, fallback: undefined }
}

/** A key that may be absent, which then means `fallback`. */
export function optionalWith<T>(decode: Decode<T>, fallback: T): Field<T> {
  return { decode, isRequired: false, fallback }
}

/** An object with exactly these keys. Everything in it is looked at, so that all problems are reported at once. */
export function decodeObject<F extends Fields>(what: string, fields: F): Decode<Decoded<F>> {
  const names = Object.keys(fields)
  return (node, sink) => {
    if (node.type !== 'object') return wrongType(node, sink, `${what} (an object)`)
    const values = new Map<string, unknown>()
    let whole = true
    const unknown: string[] = []
    for (const { key, name, value } of propertiesOf(node)) {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (field === undefined) {
        whole = false
        // Told already, of every object there is.
        if (name === FORBIDDEN_KEY) continue
        sink.at(key, () => unknownWord(name, names, { code: 'unknown-key', what: `key in ${what}:` }))
        unknown.push(name)
        continue
      }
      const decoded = field.decode(value, sink)
      if (decoded === undefined) whole = false
      else values.set(name, decoded)
    }
    for (const name of names) {
      const field = fields[name]!
      if (values.has(name)) continue
      if (field.isRequired && !hasKey(node, name)) {
        whole = false
        // A key that was probably meant to be this one is one mistake, not two.
        if (!unknown.some((word) => suggest(word, names) === name)) {
          sink.at(node, {
            code: 'missing-key',
            message: `${what} needs the key "${name}"`,
            expected: `the key "${name}"`,
          })
        }
      }
      values.set(name, field.fallback)
    }
    // The map holds a value for each name of `fields`, decoded by that field: exactly `Decoded<F>`.
    return whole ? (Object.fromEntries(values) as Decoded<F>) : undefined
  }
}

function hasKey(node: JsonNode, name: string): boolean {
  return propertyOf(node, name) !== undefined
}
