/**
 * A stretch of a line between neighbouring layers. A port says where on its end the line begins or stops, from 0 (top) to
 * below 1 (bottom): lines that leave one box do so in an order, and count as crossing when their other ends have another.
 */
export interface LayerLink {
  readonly from: string
  readonly to: string
  readonly fromPort: number
  readonly toPort: number
}

const MAX_SWEEPS = 16

/**
 * Orders every layer so that few lines cross. Begins with each of the orders given and departs from it only for fewer
 * crossings; of equals the first wins, so that where nothing crosses the matching order stays. `links` holds those from each
 * layer to the next.
 */
export function orderLayers(
  starts: readonly (readonly (readonly string[])[])[],
  links: readonly (readonly LayerLink[])[],
): string[][] {
  let best: string[][] = []
  let bestCrossings = Number.POSITIVE_INFINITY
  for (const start of starts) {
    let current = start.map((layer) => [...layer])
    for (let sweep = 0; sweep <= MAX_SWEEPS && bestCrossings > 0; sweep++) {
      const crossings = allCrossings(current, links)
      if (crossings < bestCrossings) {
        best = current
        bestCrossings = crossings
      }
      current = sweep % 2 === 0 ? sweepDown(current, links) : sweepUp(current, links)
    }
  }
  return best
}

function sweepDown(layers: readonly string[][], links: readonly (readonly LayerLink[])[]): string[][] {
  const sorted = [layers[0] ?? []]
  for (let at = 1; at < layers.length; at++) {
    const places = placesOf(sorted[at - 1]!)
    sorted.push(
      byMean(
        layers[at]!,
        (links[at - 1] ?? []).map(({ from, to, fromPort }) => [to, (places.get(from) ?? 0) + fromPort]),
      ),
    )
  }
  return sorted
}

function sweepUp(layers: readonly string[][], links: readonly (readonly LayerLink[])[]): string[][] {
  const sorted = [...layers]
  for (let at = layers.length - 2; at >= 0; at--) {
    const places = placesOf(sorted[at + 1]!)
    sorted[at] = byMean(
      layers[at]!,
      (links[at] ?? []).map(({ from, to, toPort }) => [from, (places.get(to) ?? 0) + toPort]),
    )
  }
  return sorted
}

/** Sorts by the mean of the places that each is tied to; what is tied to nothing stays where it is. */
function byMean(layer: readonly string[], ties: readonly (readonly [id: string, place: number])[]): string[] {
  const sums = new Map<string, { total: number; count: number }>()
  for (const [id, place] of ties) {
    const sum = sums.get(id)
    if (sum === undefined) sums.set(id, { total: place, count: 1 })
    else {
      sum.total += place
      sum.count += 1
    }
  }
  const mean = (id: string): number => sums.get(id)!.total / sums.get(id)!.count
  const tied = layer.filter((id) => sums.has(id)).toSorted((a, b) => mean(a) - mean(b))
  let next = 0
  return layer.map((id) => (sums.has(id) ? tied[next++]! : id))
}

function allCrossings(layers: readonly string[][], links: readonly (readonly LayerLink[])[]): number {
  let crossings = 0
  for (let at = 0; at + 1 < layers.length; at++) {
    const above = placesOf(layers[at]!)
    const below = placesOf(layers[at + 1]!)
    const ends = (links[at] ?? []).map(({ from, to, fromPort, toPort }): [number, number] => {
      return [(above.get(from) ?? 0) + fromPort, (below.get(to) ?? 0) + toPort]
    })
    ends.sort(([a, c], [b, d]) => a - b || c - d)
    crossings += inversions(ends.map(([, end]) => end))
  }
  return crossings
}

/** Pairs in the wrong order, counted with a Fenwick tree in n log n. */
function inversions(values: readonly number[]): number {
  const ranks = new Map([...new Set(values)].toSorted((a, b) => a - b).map((value, at) => [value, at + 1]))
  const tree = Array.from({ length: ranks.size + 1 }, () => 0)
  let count = 0
  values.forEach((value, seen) => {
    let notGreater = 0
    for (let at = ranks.get(value)!; at > 0; at -= at & -at) notGreater += tree[at]!
    count += seen - notGreater
    for (let at = ranks.get(value)!; at < tree.length; at += at & -at) tree[at]! += 1
  })
  return count
}

function placesOf(layer: readonly string[]): Map<string, number> {
  return new Map(layer.map((id, at) => [id, at]))
}
