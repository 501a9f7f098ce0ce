import type { NodeId } from 'vane-core'
import type { RuleList } from './rule-list.ts'

/** Where a walk stands: which rules are still possible, and what has happened to the connection. */
export interface Situation {
  readonly list: RuleList
  readonly stage: Stage
  /** Whether the request's body is in memory. */
  readonly isCollected: boolean
}

/**
 * - `connection`: before `upgrade`, where the connection may turn out to speak HTTP
 * - `upgrade`: about to be read as HTTP
 * - `bytes`: it does not speak HTTP
 * - `request`: after `upgrade`
 */
export type Stage = 'connection' | 'upgrade' | 'bytes' | 'request'

/** How to go on in a situation: the situations that come next, and the node that leads to theirs. */
export interface Plan {
  readonly next: readonly Situation[]
  /**
   * Called before a situation of `next` is decided.
   *
   * @param nodes of those before it.
   */
  prepare?(nodes: readonly NodeId[]): void
  /** @param nodes of `next`, index for index. */
  emit(nodes: readonly NodeId[]): NodeId
}

/** Inspection levels that need no request, one bit each by their place in `INSPECTION_LEVELS`. */
export const CONNECTION_LEVELS = 0b0011
/** Levels of a request that need no body. */
export const HEAD_LEVELS = 0b0111
/** The level of a body. */
export const BODY_LEVELS = 0b1000
