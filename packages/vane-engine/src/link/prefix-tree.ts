/** A text and what it leads to. */
export interface TextEntry {
  readonly text: string
  /**
   * - `equals`: the whole text
   * - `prefix`: texts that begin with it
   * - `path_prefix`: texts that begin with it as whole segments: they end there, or go on with a slash
   */
  readonly match: 'equals' | 'prefix' | 'path_prefix'
  /** Not negative. */
  readonly target: number
}

// A node is written as
//   a header: which targets it has (3 bits), how many children (17 bits), how many units its label has besides the first (11)
//   the rest of its label, two units to a number
//   its targets
//   the first units of its children's labels, in order, two to a number, then where the children begin
// so that what one look-up reads of a small tree lies within a cache line or two.
const HAS_EQUALS = 1
const HAS_PREFIX = 2
const HAS_PATH = 4
const CHILDREN_SHIFT = 3
const CHILDREN_MASK = 0x1ffff
const LABEL_SHIFT = 20
const MAX_LABEL = 2_000
const NONE = -1
const SLASH = 47

/**
 * Writes a radix tree of texts to the end of an array and answers where it begins.
 *
 * @param entries no two with the same text and match.
 * @param isReversed texts are read from their ends: what is looked up are endings.
 */
export function writePrefixTree(arena: number[], entries: readonly TextEntry[], isReversed: boolean): number {
  const start = arena.length
  // Depth first, without recursion: a tree may be as deep as a text is long.
  const pending: { readonly node: Growing; readonly slot: number | undefined }[] = [
    { node: grow(entries, isReversed), slot: undefined },
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, slot } = next
    if (slot !== undefined) arena[slot] = arena.length
    const children = [...node.children.entries()].toSorted(([a], [b]) => a - b)
    const label = Array.from({ length: Math.max(0, node.label.length - 1) }, (_, unit) =>
      node.label.charCodeAt(unit + 1),
    )
    const targets = [node.equals, node.prefix, node.path_prefix]
    const flags = targets.reduce((bits, target, index) => (target === NONE ? bits : bits | (1 << index)), 0)
    arena.push(flags | (children.length << CHILDREN_SHIFT) | (label.length << LABEL_SHIFT))
    pack(arena, label)
    arena.push(...targets.filter((target) => target !== NONE))
    pack(
      arena,
      children.map(([unit]) => unit),
    )
    for (const [, child] of children) pending.push({ node: child, slot: arena.push(NONE) - 1 })
  }
  return start
}

/** The target of the longest entry that holds; the whole text first, a path before a prefix of the same length. -1 if none does. */
export function findPrefix(arena: Int32Array, start: number, text: string): number {
  const { length } = text
  let node = start
  let at = 0
  let best = NONE
  for (;;) {
    const header = arena[node]!
    const label = header >>> LABEL_SHIFT
    if (at + label > length) return best
    for (let unit = 0; unit < label; unit++, at++) {
      if (unpack(arena, node + 1, unit) !== text.charCodeAt(at)) return best
    }
    let next = node + 1 + ((label + 1) >> 1)
    const equals = (header & HAS_EQUALS) === 0 ? NONE : arena[next++]!
    if ((header & HAS_PREFIX) !== 0) best = arena[next++]!
    if ((header & HAS_PATH) !== 0) {
      const isEnd = at === length || text.charCodeAt(at) === SLASH || (at > 0 && text.charCodeAt(at - 1) === SLASH)
      if (isEnd) best = arena[next]!
      next++
    }
    if (at === length) return equals === NONE ? best : equals
    node = childOf(arena, next, { children: (header >> CHILDREN_SHIFT) & CHILDREN_MASK, unit: text.charCodeAt(at) })
    if (node === NONE) return best
    at++
  }
}

/** {@link findPrefix} for endings, of which there are no paths. */
export function findSuffix(arena: Int32Array, start: number, text: string): number {
  let node = start
  let left = text.length
  let best = NONE
  for (;;) {
    const header = arena[node]!
    const label = header >>> LABEL_SHIFT
    if (label > left) return best
    for (let unit = 0; unit < label; unit++, left--) {
      if (unpack(arena, node + 1, unit) !== text.charCodeAt(left - 1)) return best
    }
    let next = node + 1 + ((label + 1) >> 1)
    const equals = (header & HAS_EQUALS) === 0 ? NONE : arena[next++]!
    if ((header & HAS_PREFIX) !== 0) best = arena[next++]!
    if (left === 0) return equals === NONE ? best : equals
    node = childOf(arena, next, {
      children: (header >> CHILDREN_SHIFT) & CHILDREN_MASK,
      unit: text.charCodeAt(left - 1),
    })
    if (node === NONE) return best
    left--
  }
}

/** Where the child begins whose label begins with a unit; by bisection. */
function childOf(
  arena: Int32Array,
  at: number,
  { children, unit }: { readonly children: number; readonly unit: number },
): number {
  let low = 0
  let high = children
  while (low < high) {
    const middle = (low + high) >> 1
    const first = unpack(arena, at, middle)
    if (first === unit) return arena[at + ((children + 1) >> 1) + middle]!
    if (first < unit) low = middle + 1
    else high = middle
  }
  return NONE
}

function pack(arena: number[], units: readonly number[]): void {
  for (let index = 0; index < units.length; index += 2) arena.push(units[index]! | ((units[index + 1] ?? 0) << 16))
}

function unpack(arena: Int32Array, at: number, index: number): number {
  return (arena[at + (index >> 1)]! >>> ((index & 1) << 4)) & 0xffff
}

type Growing = Record<TextEntry['match'], number> & { label: string; readonly children: Map<number, Growing> }

function grow(entries: readonly TextEntry[], isReversed: boolean): Growing {
  const root = leafOf('')
  for (const { text, match, target } of entries) {
    insert(root, isReversed ? text.split('').toReversed().join('') : text)[match] = target
  }
  return root
}

function leafOf(label: string): Growing {
  return { label, equals: NONE, prefix: NONE, path_prefix: NONE, children: new Map() }
}

/** The node of a text, made if need be by splitting the label that it leaves in the middle. */
function insert(root: Growing, text: string): Growing {
  let node = root
  let at = 0
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    const child = node.children.get(unit)
    if (child === undefined) {
      const leaf = leafOf(text.slice(at, at + MAX_LABEL))
      node.children.set(unit, leaf)
      node = leaf
      at += leaf.label.length
      continue
    }
    let common = 1
    while (common < child.label.length && child.label.charCodeAt(common) === text.charCodeAt(at + common)) common++
    if (common < child.label.length) {
      const upper = leafOf(child.label.slice(0, common))
      child.label = child.label.slice(common)
      upper.children.set(child.label.charCodeAt(0), child)
      node.children.set(unit, upper)
    }
    node = node.children.get(unit)!
    at += common
  }
  return node
}
