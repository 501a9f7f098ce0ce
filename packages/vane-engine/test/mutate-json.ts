import fc from 'fast-check'
import type { Json } from 'vane-core'

/** A place in a JSON value: keys and indices from the root. */
type Path = readonly (string | number)[]

/** One change: what to do, where, and with what. The numbers choose among whatever there is. */
export interface Mutation {
  readonly kind: 'replace' | 'remove' | 'add' | 'rename' | 'transplant'
  readonly at: number
  readonly from: number
  readonly value: Json
}

const JUNK: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  443,
  70_000,
  1e12,
  '',
  'a',
  'A',
  'a b',
  'GET',
  'get',
  ':80',
  '10.0.0.0/8',
  '::1',
  '5s',
  '40d',
  'none',
  'auto',
  'h3',
  'close',
  '/x',
  'x/',
  '${host}',
  '${x}',
  'a:1',
  'unix:/x',
  'p:x',
  'a.wasm:b',
  '*.a.test',
  'é',
  'a\0',
  '\n',
  [],
  {},
  [null],
  { a: 1 },
  { base64: 'AA==' },
  { base64: '!' },
]

/** Any single change of a document. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('replace', 'remove', 'add', 'rename', 'transplant'),
  at: fc.nat(),
  from: fc.nat(),
  value: fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>),
})

/** A document with one thing changed; `donor` is where transplants and names come from. */
export function mutate(document: Json, donor: Json, { kind, at, from, value }: Mutation): Json {
  const paths = pathsOf(document)
  const path = paths[at % paths.length]!
  const donors = pathsOf(donor)
  const source = donors[from % donors.length]!
  const name = source.findLast((step) => typeof step === 'string') ?? 'x'
  switch (kind) {
    case 'replace':
      return change(document, path, () => value)
    case 'transplant':
      return change(document, path, () => valueAt(donor, source))
    case 'remove':
      return change(document, path, () => undefined)
    case 'add':
      return change(document, path, (old) => {
        if (Array.isArray(old)) return [...(old as readonly Json[]), value]
        return isObject(old) ? { ...old, [name]: valueAt(donor, source) } : old
      })
    case 'rename': {
      const last = path.at(-1)
      if (typeof last !== 'string') return document
      return change(document, path.slice(0, -1), (old) => {
        if (!isObject(old)) return old
        const { [last]: moved, ...rest } = old
        return moved === undefined ? old : { ...rest, [name]: moved }
      })
    }
  }
}

function pathsOf(value: Json, path: Path = []): Path[] {
  if (Array.isArray(value)) {
    return [path, ...(value as readonly Json[]).flatMap((item, index) => pathsOf(item, [...path, index]))]
  }
  if (!isObject(value)) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))]
}

function valueAt(value: Json, path: Path): Json {
  let at: unknown = value
  for (const step of path) at = (at as Record<string | number, unknown>)[step]
  return at as Json
}

function change(value: Json, path: Path, make: (old: Json) => Json | undefined): Json {
  const [step, ...rest] = path
  if (step === undefined) return make(value) ?? null
  const isLast = rest.length === 0
  if (Array.isArray(value)) {
    return (value as readonly Json[]).flatMap((item, index) => {
      if (index !== step) return [item]
      const made = isLast ? make(item) : change(item, rest, make)
      return made === undefined ? [] : [made]
    })
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]): [string, Json][] => {
      if (key !== step) return [[key, item]]
      const made = isLast ? make(item) : change(item, rest, make)
      return made === undefined ? [] : [[key, made]]
    }),
  )
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
