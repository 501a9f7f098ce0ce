import type { DrawBox, DrawModel } from './draw-model.ts'

/** Boxes above which no ladders are looked for: each step of one is a search through the picture. */
const MAX_BOXES = 600

/**
 * Tests that are tried one after the other: the miss of each leads to the next. They stand in one column from top to bottom,
 * so that a list of rules makes a high picture instead of an endlessly wide one. Every box is in exactly one ladder, most of
 * them alone. Two tests are not joined where another way leads from the first to the second: it would have to lead back.
 */
export function findLadders({ boxes, edges }: DrawModel): string[][] {
  const byId = new Map(boxes.map((box) => [box.id, box]))
  const ladderOf = new Map(boxes.map(({ id }) => [id, [id]]))
  if (boxes.length > MAX_BOXES) return [...ladderOf.values()]

  const after = Map.groupBy(edges, ({ from }) => from)
  for (const edge of edges) {
    const from = byId.get(edge.from)
    const to = byId.get(edge.to)
    if (edge.kind !== 'miss' || from === undefined || to === undefined || edge.rule !== undefined) continue
    const upper = ladderOf.get(from.id)!
    const lower = ladderOf.get(to.id)!
    // Only the last rung can have another below it, and only what no ladder has yet can become one.
    if (
      !isTest(from) ||
      !isTest(to) ||
      from.band !== to.band ||
      upper === lower ||
      upper.at(-1) !== from.id ||
      lower[0] !== to.id
    )
      continue
    const direct = after.get(from.id)!.filter((other) => other.to === to.id)
    if (direct.length > 1 || leadsAround(upper, lower)) continue
    upper.push(...lower)
    for (const id of lower) ladderOf.set(id, upper)
  }
  return [...new Set(ladderOf.values())]

  /** Whether something besides the direct miss leads from one ladder to the other. */
  function leadsAround(upper: readonly string[], lower: readonly string[]): boolean {
    const seen = new Set<readonly string[]>([upper])
    const work: (readonly string[])[] = [upper]
    for (let ladder = work.pop(); ladder !== undefined; ladder = work.pop()) {
      for (const id of ladder) {
        for (const edge of after.get(id) ?? []) {
          if (edge.from === upper.at(-1) && edge.to === lower[0]) continue
          const next = ladderOf.get(edge.to)!
          if (next === lower) return true
          if (seen.has(next)) continue
          seen.add(next)
          work.push(next)
        }
      }
    }
    return false
  }
}

function isTest({ kind }: DrawBox): boolean {
  return kind === 'check' || kind === 'dispatch'
}
