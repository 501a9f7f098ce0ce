import { ConnectionFault } from '../connection-fault.ts'
import { ERROR_CODE } from '../error-code.ts'

/**
 * Code lengths in bits of the symbols 0–255 and EOS, one base-36 digit each (RFC 7541, Appendix B). The code is canonical, so
 * that its lengths are all there is to know.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu'

const EOS = 256
const FAILED = 0xffff
/** Padding is at most seven bits, all of them ones (RFC 7541 §5.2). */
const MAX_PADDING_BITS = 7

interface Automaton {
  /** Next state by state and four bits; {@link FAILED} after EOS. */
  readonly next: Uint16Array
  /** Symbol that is complete after that step, or -1: no code is shorter than four bits. */
  readonly symbol: Int16Array
  /** Whether a text may end in a state. */
  readonly isFinal: readonly boolean[]
}

const AUTOMATON = toAutomaton(toTree())

/** Decodes a Huffman-coded text to its octets, one UTF-16 unit each. */
export function huffmanDecode(bytes: Uint8Array): string {
  const { next, symbol, isFinal } = AUTOMATON
  // The shortest codes have five bits.
  const out = Buffer.allocUnsafe(((bytes.length << 3) / 5) | 0)
  let length = 0
  let state = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    let step = (state << 4) | (byte >> 4)
    if (symbol[step]! >= 0) out[length++] = symbol[step]!
    state = next[step]!
    if (state === FAILED) break
    step = (state << 4) | (byte & 15)
    if (symbol[step]! >= 0) out[length++] = symbol[step]!
    state = next[step]!
    if (state === FAILED) break
  }
  if (state === FAILED || isFinal[state] !== true)
    throw new ConnectionFault(ERROR_CODE.compressionError, 'malformed Huffman code in a field')
  return out.toString('latin1', 0, length)
}

/** A node is the pair of what follows it: another node, or a symbol. */
interface TreeNode {
  readonly id: number
  /** Whether the way to it is ones only, and how long it is. */
  readonly ones: boolean
  readonly depth: number
  readonly branches: [TreeNode | number | undefined, TreeNode | number | undefined]
}

function toTree(): TreeNode[] {
  const nodes: TreeNode[] = []
  const add = (depth: number, ones: boolean): TreeNode => {
    const node: TreeNode = { id: nodes.length, ones, depth, branches: [undefined, undefined] }
    nodes.push(node)
    return node
  }
  const root = add(0, true)
  const symbols = Array.from(LENGTHS, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }))
  let code = 0
  let codeLength = 0
  for (const { symbol, length } of symbols.toSorted((a, b) => a.length - b.length || a.symbol - b.symbol)) {
    code *= 2 ** (length - codeLength)
    codeLength = length
    let node = root
    for (let bit = length - 1; bit > 0; bit--) {
      const side = (code >> bit) & 1
      const there = node.branches[side]
      const child = typeof there === 'object' ? there : add(node.depth + 1, node.ones && side === 1)
      node.branches[side] = child
      node = child
    }
    node.branches[code & 1] = symbol
    code++
  }
  return nodes
}

function toAutomaton(nodes: readonly TreeNode[]): Automaton {
  const root = nodes[0]!
  const next = new Uint16Array(nodes.length << 4)
  const symbol = new Int16Array(nodes.length << 4).fill(-1)
  for (const start of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) {
      const step = (start.id << 4) | nibble
      let node = start
      let isFailed = false
      for (let bit = 3; bit >= 0; bit--) {
        const reached = node.branches[(nibble >> bit) & 1]
        if (typeof reached === 'object') node = reached
        else {
          if (reached === EOS || reached === undefined) isFailed = true
          else symbol[step] = reached
          node = root
        }
      }
      next[step] = isFailed ? FAILED : node.id
    }
  }
  return { next, symbol, isFinal: nodes.map(({ ones, depth }) => ones && depth <= MAX_PADDING_BITS) }
}
