import type { IpNetwork } from 'vane-core'

/** A network and what it leads to. */
export interface NetworkEntry {
  readonly network: IpNetwork
  /** Not negative. */
  readonly target: number
}

// A node: where a zero and a one lead, and the target of the network that ends there.
const TARGET = 2
const NONE = -1

/**
 * Writes the networks of one family as a tree of bits to the end of an array and answers where it begins.
 *
 * @param entries no network twice.
 */
export function writeNetworkTree(arena: number[], entries: readonly NetworkEntry[]): number {
  const start = arena.push(NONE, NONE, NONE) - 3
  for (const { network, target } of entries) {
    let node = start
    for (let bit = 0; bit < network.prefixLength; bit++) {
      const edge = node + bitOf(network.address, bit)
      if (arena[edge] === NONE) arena[edge] = arena.push(NONE, NONE, NONE) - 3
      node = arena[edge]!
    }
    arena[node + TARGET] = target
  }
  return start
}

/** The target of the smallest network around an address of the tree's family; -1 if there is none. One step for each bit. */
export function findNetwork(arena: Int32Array, start: number, address: Uint8Array): number {
  const bits = address.length * 8
  let node = start
  let best = arena[node + TARGET]!
  for (let bit = 0; bit < bits; bit++) {
    node = arena[node + bitOf(address, bit)]!
    if (node === NONE) return best
    const target = arena[node + TARGET]!
    if (target !== NONE) best = target
  }
  return best
}

function bitOf(address: Uint8Array, bit: number): number {
  return (address[bit >> 3]! >> (7 - (bit & 7))) & 1
}
