import { parseCidr, parseIp, type DispatchCase, type DispatchNode } from 'vane-core'
import { findNetwork, writeNetworkTree, type NetworkEntry } from './network-tree.ts'
import { findPrefix, findSuffix, writePrefixTree, type TextEntry } from './prefix-tree.ts'

// A dispatch in the array: how it looks up, its default, its table or the beginnings of its trees.
const KIND = 0
const DEFAULT = 1
const TABLE = 2
const TREE = 2
const TREE_V6 = 3
const FIELDS = 4

const BY_HASH = 0
const BY_PREFIX = 1
const BY_SUFFIX = 2
const BY_NETWORK = 3

// Below this, comparing a few neighbouring characters is quicker than hashing, and touches less memory.
const MIN_HASHED_CASES = 9

/**
 * The dispatches of a graph, ready to run. They share one array, in which what a look-up needs lies together: with many
 * rules, what a match costs is how many places of memory it touches. Looking something up allocates nothing, but for an
 * address that is only at hand as text.
 */
export class Lookups {
  readonly #writing: number[] = []
  readonly #tables: Map<string | number, number>[] = []
  #arena = new Int32Array(0)

  /** Takes a dispatch in and answers its handle. Not after {@link seal}. */
  add(node: DispatchNode): number {
    const handle = this.#writing.length
    const singles = node.cases.filter(([, , match]) => match === undefined)
    const isTexts = node.cases.every(([value]) => typeof value === 'string')
    this.#writing.push(BY_HASH, node.default, -1, -1)
    if (node.lookup === 'cidr') this.#addNetworks(handle, node)
    else if (node.lookup === 'equals' && (singles.length >= MIN_HASHED_CASES || !isTexts))
      this.#addTable(handle, singles)
    else this.#addTree(handle, node)
    return handle
  }

  /** Ends the taking in: from here on the dispatches can be asked. */
  seal(): this {
    this.#arena = Int32Array.from(this.#writing)
    this.#writing.length = 0
    return this
  }

  /**
   * Where a value leads: the number of a node.
   *
   * @param handle of the dispatch.
   * @param value of its field; `undefined` where it is absent.
   * @param address of an IP field, where it is at hand as bytes; without it the text is parsed.
   */
  find(handle: number, value: string | number | undefined, address?: Uint8Array): number {
    const arena = this.#arena
    const otherwise = arena[handle + DEFAULT]!
    switch (arena[handle + KIND]) {
      case BY_HASH:
        return value === undefined ? otherwise : (this.#tables[arena[handle + TABLE]!]!.get(value) ?? otherwise)
      case BY_PREFIX: {
        if (typeof value !== 'string') return otherwise
        const found = findPrefix(arena, handle + FIELDS, value)
        return found < 0 ? otherwise : found
      }
      case BY_SUFFIX: {
        if (typeof value !== 'string') return otherwise
        const found = findSuffix(arena, handle + FIELDS, value)
        return found < 0 ? otherwise : found
      }
      default:
        return typeof value === 'string' ? this.#findNetwork(handle, value, address) : otherwise
    }
  }

  #findNetwork(handle: number, value: string, address: Uint8Array | undefined): number {
    const arena = this.#arena
    const table = this.#tables[arena[handle + FIELDS]!]!
    const single = table.size === 0 ? undefined : table.get(value)
    if (single !== undefined) return single
    const bytes = address ?? parseIp(value)
    if (bytes === undefined) return arena[handle + DEFAULT]!
    const found = findNetwork(arena, arena[handle + (bytes.length === 4 ? TREE : TREE_V6)]!, bytes)
    return found < 0 ? arena[handle + DEFAULT]! : found
  }

  #addTable(handle: number, cases: readonly DispatchCase[]): void {
    this.#writing[handle + TABLE] = this.#tables.push(new Map(cases.map(([value, target]) => [value, target]))) - 1
  }

  /** The tree follows the dispatch. */
  #addTree(handle: number, { lookup, cases }: DispatchNode): void {
    const entries = cases.map(([value, target, match]): TextEntry => ({
      text: String(value),
      target,
      match: MATCHES[match ?? 'equals'],
    }))
    const isReversed = lookup === 'suffix'
    this.#writing[handle + KIND] = isReversed ? BY_SUFFIX : BY_PREFIX
    writePrefixTree(this.#writing, entries, isReversed)
  }

  /** Single addresses are compared as texts, as everywhere; so the number of their table follows the dispatch. */
  #addNetworks(handle: number, { cases }: DispatchNode): void {
    const singles = cases.filter(([, , match]) => match === undefined)
    const table = this.#tables.push(new Map(singles.map(([value, target]) => [value, target]))) - 1
    const networks = cases.flatMap(toNetwork)
    this.#writing[handle + KIND] = BY_NETWORK
    this.#writing.push(table)
    const ofFamily = (length: number): NetworkEntry[] =>
      networks.filter(({ network }) => network.address.length === length)
    this.#writing[handle + TREE] = writeNetworkTree(this.#writing, ofFamily(4))
    this.#writing[handle + TREE_V6] = writeNetworkTree(this.#writing, ofFamily(16))
  }
}

/** An ending is the beginning of a text that is read from its end. */
const MATCHES = {
  equals: 'equals',
  prefix: 'prefix',
  path_prefix: 'path_prefix',
  suffix: 'prefix',
  cidr: 'prefix',
} as const

function toNetwork([text, target, match]: DispatchCase): NetworkEntry[] {
  const network = match === 'cidr' ? parseCidr(String(text)) : undefined
  return network === undefined ? [] : [{ network, target }]
}
