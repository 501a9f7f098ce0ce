import { parseCidr, parseIp, type DispatchCase, type DispatchNode } from 'vane-core'
import { findNetwork, writeNetworkTree, type NetworkEntry } from './network-tree.ts'
import { findPrefix, findSuffix, writePrefixTree, type TextEntry } from './prefix-tree.ts'

// A look-up in the array: how it looks up, its default, its table or the beginnings of its trees.
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

/** What a look-up is made from: where each value leads, as the number that is to be found. */
export interface LookupCases {
  readonly lookup: DispatchNode['lookup']
  readonly cases: readonly LookupCase[]
  /** Where nothing is found. */
  readonly default: number
}

/** Not negative is where it leads. */
type LookupCase = readonly [value: string | number, to: number, match?: DispatchCase[2]]

/**
 * Look-ups, ready to run. They lie in one array, which may hold other things as well, and in which what a look-up needs is
 * together: with many rules, what a match costs is how many places of memory it touches. Looking something up allocates
 * nothing, but for an address that is only at hand as text.
 */
export class Lookups {
  readonly #writing: number[]
  readonly #tables: Map<string | number, number>[] = []
  #arena: Int32Array = new Int32Array(0)

  /** @param writing what look-ups are appended to. */
  constructor(writing: number[]) {
    this.#writing = writing
  }

  /** Takes a look-up in and answers its handle, which is where it begins. Not after {@link seal}. */
  add(node: LookupCases): number {
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

  /** Ends the taking in: from here on the look-ups can be asked. */
  seal(arena: Int32Array): void {
    this.#arena = arena
  }

  /** Where a look-up leads that finds nothing. */
  defaultOf(handle: number): number {
    return this.#arena[handle + DEFAULT]!
  }

  /**
   * Where a value leads.
   *
   * @param handle of the look-up.
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

  #addTable(handle: number, cases: readonly LookupCase[]): void {
    this.#writing[handle + TABLE] = this.#tables.push(new Map(cases.map(([value, target]) => [value, target]))) - 1
  }

  /** The tree follows the look-up. */
  #addTree(handle: number, { lookup, cases }: LookupCases): void {
    const entries = cases.map(([value, target, match]): TextEntry => ({
      text: String(value),
      target,
      match: MATCHES[match ?? 'equals'],
    }))
    const isReversed = lookup === 'suffix'
    this.#writing[handle + KIND] = isReversed ? BY_SUFFIX : BY_PREFIX
    writePrefixTree(this.#writing, entries, isReversed)
  }

  /** Single addresses are compared as texts, as everywhere; so the number of their table follows the look-up. */
  #addNetworks(handle: number, { cases }: LookupCases): void {
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

function toNetwork([text, target, match]: LookupCase): NetworkEntry[] {
  const network = match === 'cidr' ? parseCidr(String(text)) : undefined
  return network === undefined ? [] : [{ network, target }]
}
