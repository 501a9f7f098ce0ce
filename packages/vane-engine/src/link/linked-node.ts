import type { Node } from 'vane-core'
import { KIND } from '../executor/step-codes.ts'
import type { Fetch, Middleware } from '../executor/flow.ts'
import type { TcpForward } from '../tunnel/tcp-forward.ts'
import type { PredicateTest } from './predicate-test.ts'

/** Evaluates a test and takes one of two edges. */
export const OP_CHECK = 0
/** Finds its way by itself: see {@link MatchProgram}. */
export const OP_MATCH = 1
/** Runs a middleware. */
export const OP_MIDDLEWARE = 2
/** Hands the connection to the HTTP decoder. */
export const OP_UPGRADE = 3
/** Runs a fetch. */
export const OP_FETCH = 4
/** Writes the response. */
export const OP_WRITE_RESPONSE = 5
/** Drops the connection. */
export const OP_CLOSE = 6

/** Carries the connection's bytes to an upstream. */
export const OP_FORWARD = 7
/** Where a connection has become a tunnel: nothing further is walked. */
export const OP_TUNNEL = 8

/** What {@link LinkedNode.op} may be. */
export type Op = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** No edge: where a node has none of that name, or a walk has ended. */
export const NO_NODE = -1

/**
 * One node, ready to run. All nodes have this one shape, whatever their kind, so that the executor's reads of them stay
 * monomorphic; fields that a kind does not use keep their empty values.
 */
export class LinkedNode {
  readonly op: Op
  /** Of the symbolic node, for logs and trajectories. */
  readonly kind: Node['kind']
  /** The same as a number. */
  readonly kindCode: number
  /** The rule it belongs to; `null` where several share it. */
  readonly rule: string | null
  /** Middleware or fetch it runs, for logs; empty for others. */
  name = ''
  /** `onMiss`, `default`, `next` or `nextResponse`. */
  next: number = NO_NODE
  /** Of a check that must wait for a body. */
  onMatch: number = NO_NODE
  /** Of an upgrade: where a connection goes that does not speak HTTP. Of a fetch: where one goes that has switched to another protocol. */
  otherwise: number = NO_NODE
  onError: number = NO_NODE
  /** Of a check that must wait for a body. */
  test: PredicateTest | undefined = undefined
  middleware: Middleware | undefined = undefined
  fetch: Fetch | undefined = undefined
  forward: TcpForward | undefined = undefined
  /** Body that must be in memory before the node runs. */
  collect: 'request' | 'response' | undefined = undefined
  bodyLimitBytes: number = Infinity
  /** Whether it may take longer than a look at the clock does. */
  isTimed: boolean
  /** Of a close: no rule matched. */
  unmatched = false

  constructor(op: Op, kind: Node['kind'], rule: string | null) {
    this.op = op
    this.kind = kind
    this.kindCode = KIND[kind]
    this.rule = rule
    this.isTimed = op === OP_CHECK || op === OP_MIDDLEWARE || op === OP_FETCH
  }
}
