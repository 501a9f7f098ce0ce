import type { Node, StepBranch, Trajectory } from 'vane-core'

/** Branches as numbers, for records. At most 16. */
export const BRANCH: Readonly<Record<StepBranch, number>> = {
  match: 0,
  miss: 1,
  case: 2,
  default: 3,
  continue: 4,
  short: 5,
  close: 6,
  error: 7,
  response: 8,
  tunnel: 9,
  end: 10,
  retry: 11,
}

/** Kinds of nodes as numbers. At most 8. */
export const KIND: Readonly<Record<Node['kind'], number>> = {
  check: 0,
  dispatch: 1,
  candidate: 2,
  choose: 3,
  middleware: 4,
  upgrade: 5,
  fetch: 6,
  terminate: 7,
}

/** Outcomes of walks as numbers. At most 8. */
export const OUTCOME: Readonly<Record<Trajectory['outcome'], number>> = {
  response: 0,
  tunnel: 1,
  closed: 2,
  failed: 3,
  canceled: 4,
}

/** A branch by its number. */
export const BRANCHES: readonly StepBranch[] = Object.keys(BRANCH) as readonly StepBranch[]
/** A kind by its number. */
export const KINDS: readonly Node['kind'][] = Object.keys(KIND) as readonly Node['kind'][]
/** An outcome by its number. */
export const OUTCOMES: readonly Trajectory['outcome'][] = Object.keys(OUTCOME) as readonly Trajectory['outcome'][]

const KIND_BITS = 3
const BRANCH_BITS = 4

/** A step but for its time in 32 bits: node, kind and branch. Of the node's number 25 bits are kept. */
export function packStep(node: number, kind: number, branch: number): number {
  return (((node << KIND_BITS) | kind) << BRANCH_BITS) | branch
}

/** What {@link packStep} has packed. */
export function unpackStep(packed: number): { node: number; kind: Node['kind']; branch: StepBranch } {
  return {
    node: packed >>> (KIND_BITS + BRANCH_BITS),
    kind: KINDS[(packed >>> BRANCH_BITS) & ((1 << KIND_BITS) - 1)]!,
    branch: BRANCHES[packed & ((1 << BRANCH_BITS) - 1)]!,
  }
}
