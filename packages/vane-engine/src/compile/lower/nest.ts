import { parseCidr, parseIp } from 'vane-core'
import type { Atom, Family, NestKind, Scalar } from './atom.ts'

/** One thing a look-up can find: a single value, or a nest of values. */
export interface Item {
  readonly kind: 'equals' | NestKind
  readonly value: string | number
  /** Atoms that hold because of it; those of the nests around it not counted. */
  readonly atoms: Atom[]
  /** The smallest nest around it. */
  parent: Item | undefined
}

/** The items that atoms name, those of one kind and value once, with the nests around each. */
export function toItems(atoms: readonly Atom[], family: Family): Item[] {
  const byKey = new Map<string, Item>()
  const add = (kind: Item['kind'], value: Scalar, atom: Atom): void => {
    if (typeof value === 'boolean') return
    const key = `${kind} ${typeof value} ${value}`
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, { kind, value, atoms: [atom], parent: undefined })
    else known.atoms.push(atom)
  }
  let hasNests = false
  for (const atom of atoms) {
    if (atom.nest !== undefined) {
      hasNests = true
      add(atom.nest.kind, atom.nest.text, atom)
    } else {
      for (const value of atom.values ?? []) add('equals', value, atom)
    }
  }
  const items = [...byKey.values()]
  if (hasNests) findParents(items, family)
  return items
}

/** The atoms that hold where a look-up finds an item. */
export function atomsAt(item: Item): readonly Atom[] {
  if (item.parent === undefined) return item.atoms
  const atoms: Atom[] = []
  for (let around: Item | undefined = item; around !== undefined; around = around.parent) atoms.push(...around.atoms)
  return atoms
}

/** At equal length: the wider before the narrower. */
const BREADTH: Readonly<Record<Item['kind'], number>> = { prefix: 0, suffix: 0, cidr: 0, path_prefix: 1, equals: 2 }

/** In the order of their texts, what is inside a nest comes right after it. */
function findParents(items: readonly Item[], family: Family): void {
  const texts = new Map(items.map((item) => [item, sortableText(item, family)]))
  const sorted = items
    .filter((item) => texts.get(item) !== undefined)
    .toSorted((a, b) => compareSlashFirst(texts.get(a)!, texts.get(b)!) || BREADTH[a.kind] - BREADTH[b.kind])
  const around: Item[] = []
  for (const item of sorted) {
    const text = texts.get(item)!
    while (around.length > 0 && !encloses(around.at(-1)!, { item, text, outer: texts.get(around.at(-1)!)! }))
      around.pop()
    item.parent = around.at(-1)
    if (item.kind !== 'equals') around.push(item)
  }
}

/** A text whose beginnings are the nests around the item; `undefined` where no nest can be. */
function sortableText({ kind, value }: Item, family: Family): string | undefined {
  const text = String(value)
  switch (family) {
    case 'prefix':
      return text
    case 'suffix':
      // By UTF-16 unit, as `endsWith` compares.
      return text.split('').toReversed().join('')
    case 'cidr': {
      const network = kind === 'cidr' ? parseCidr(text) : undefined
      const address = network?.address ?? parseIp(text)
      if (address === undefined) return undefined
      const bits = Array.from(address, (byte) => byte.toString(2).padStart(8, '0')).join('')
      return `${address.length} ${bits.slice(0, network?.prefixLength ?? bits.length)}`
    }
  }
}

function encloses(nest: Item, { item, text, outer }: { item: Item; text: string; outer: string }): boolean {
  if (!text.startsWith(outer)) return false
  if (nest.kind !== 'path_prefix') return true
  if (text.length === outer.length) return item.kind === 'equals'
  return outer.endsWith('/') || text[outer.length] === '/'
}

// With the slash before every other character, what a path prefix encloses stands together: "/a", "/a/b", then "/a-b".
function compareSlashFirst(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index)
    const other = b.charCodeAt(index)
    if (one !== other) return one === SLASH ? -1 : other === SLASH ? 1 : one - other
  }
  return a.length - b.length
}

const SLASH = 47
