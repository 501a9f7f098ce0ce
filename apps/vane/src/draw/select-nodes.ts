import type { DrawSteps } from './draw-steps.ts'

/** What of a graph is drawn. */
export interface NodeSelection {
  /** Ids in matching order: what a match leads to stands before what a miss leads to. */
  readonly drawn: readonly number[]
  /** Ids that the drawn nodes lead to, over however many steps, and that had no room. */
  readonly hidden: readonly number[]
}

/**
 * The nodes nearest to the listeners, at most `maxNodes`. A hit and a plain step are no distance and the k-th case of a dispatch
 * is k steps away, so that of a graph which must be trimmed the first rules of every listener are drawn to their end.
 */
export function selectNodes(
  roots: readonly number[],
  stepsOf: (id: number) => DrawSteps,
  maxNodes: number,
): NodeSelection {
  const byDistance: number[][] = [[...roots]]
  const drawn = new Set<number>()
  const hidden = new Set<number>()
  for (let distance = 0; distance < byDistance.length; distance++) {
    // Grows while it is read: steps of no distance are appended to it.
    const near = byDistance[distance] ?? []
    for (let at = 0; at < near.length; at++) {
      const id = near[at]!
      if (drawn.has(id) || hidden.has(id)) continue
      if (drawn.size < maxNodes) drawn.add(id)
      else hidden.add(id)
      let hits = 0
      for (const { kind, to } of stepsOf(id).steps) {
        const length = kind === 'miss' ? 1 : kind === 'hit' ? hits++ : 0
        const far = (byDistance[distance + length] ??= [])
        far.push(to)
      }
    }
  }
  return { drawn: inMatchingOrder(roots, stepsOf, drawn), hidden: [...hidden] }
}

function inMatchingOrder(
  roots: readonly number[],
  stepsOf: (id: number) => DrawSteps,
  drawn: ReadonlySet<number>,
): number[] {
  const order = new Set<number>()
  const work = [...roots].toReversed()
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    if (!drawn.has(id) || order.has(id)) continue
    order.add(id)
    for (const { to } of stepsOf(id).steps.toReversed()) work.push(to)
  }
  return [...order]
}
