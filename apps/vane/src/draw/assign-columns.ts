import type { DrawModel } from './draw-model.ts'

/**
 * A column for every box, counted from the left: right of everything that leads to it, and right of every box of an earlier
 * band. The boxes of a ladder share one. Within a band the longest path decides; an edge that closes a cycle is left out of
 * account.
 */
export function assignColumns(model: DrawModel, ladders: readonly (readonly string[])[]): Map<string, number> {
  const bandOf = new Map(model.boxes.map(({ id, band }) => [id, model.bands.findIndex((known) => known.id === band)]))
  const ladderOf = new Map(ladders.flatMap((ladder, at) => ladder.map((id) => [id, at])))
  const steps = model.edges.map(({ from, to }) => [ladderOf.get(from) ?? 0, ladderOf.get(to) ?? 0] as const)
  const { order, before } = forwardOrder(ladders.length, steps)
  const columns = new Map<number, number>()
  let start = 0
  for (let band = 0; band < model.bands.length; band++) {
    let end = start
    for (const ladder of order) {
      if (bandOf.get(ladders[ladder]![0]!) !== band) continue
      let column = start
      for (const from of before.get(ladder) ?? []) column = Math.max(column, (columns.get(from) ?? -1) + 1)
      columns.set(ladder, column)
      end = Math.max(end, column + 1)
    }
    start = end
  }
  return new Map([...ladderOf].map(([id, ladder]) => [id, columns.get(ladder) ?? 0]))
}

interface ForwardOrder {
  /** Every vertex after all that lead to it. */
  readonly order: readonly number[]
  readonly before: ReadonlyMap<number, readonly number[]>
}

/** Depth-first; an edge to a vertex that is still open closes a cycle. */
function forwardOrder(count: number, steps: readonly (readonly [from: number, to: number])[]): ForwardOrder {
  const after = Map.groupBy(steps, ([from]) => from)
  const before = new Map<number, number[]>()
  const isDone = new Map<number, boolean>()
  const finished: number[] = []
  for (let root = 0; root < count; root++) {
    if (isDone.has(root)) continue
    isDone.set(root, false)
    const path = [{ vertex: root, at: 0 }]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = after.get(top.vertex)?.[top.at++]
      if (step === undefined) {
        isDone.set(top.vertex, true)
        finished.push(top.vertex)
        path.pop()
        continue
      }
      const [from, to] = step
      if (isDone.get(to) === false) continue
      const known = before.get(to)
      if (known === undefined) before.set(to, [from])
      else known.push(from)
      if (isDone.has(to)) continue
      isDone.set(to, false)
      path.push({ vertex: to, at: 0 })
    }
  }
  return { order: finished.toReversed(), before }
}
