import type { CpuProfile, ProfileWindow } from './cpu-profile.ts'
import { IDLE, originOf } from './frame-origin.ts'

/** Time of one group, file or function. */
export interface ProfileEntry {
  readonly name: string
  /** On top of the stack. */
  readonly selfMicros: number
  /** Anywhere on the stack. */
  readonly totalMicros: number
}

/** What a profile says. Entries are in falling order of their own time; none of them is idle time. */
export interface ProfileSummary {
  readonly busyMicros: number
  readonly idleMicros: number
  readonly sampleCount: number
  readonly groups: readonly ProfileEntry[]
  readonly files: readonly ProfileEntry[]
  readonly functions: readonly ProfileEntry[]
}

/** Sums the samples of a window by group, file and function; without a window, all of them. */
export function summariseProfile(profile: CpuProfile, window?: ProfileWindow): ProfileSummary {
  const nodes = describeNodes(profile)
  const { selfMicros, sampleCount } = sumSamples(profile, window)
  const groups = new Tally()
  const files = new Tally()
  const functions = new Tally()
  let busyMicros = 0
  let idleMicros = 0
  for (const [id, micros] of selfMicros) {
    const stack = stackOf(nodes, id)
    if (stack[0]?.group === IDLE) {
      idleMicros += micros
      continue
    }
    busyMicros += micros
    groups.add(
      stack.map((node) => node.group),
      micros,
    )
    files.add(
      stack.map((node) => node.file),
      micros,
    )
    functions.add(
      stack.map((node) => node.label),
      micros,
    )
  }
  return {
    busyMicros,
    idleMicros,
    sampleCount,
    groups: groups.entries(),
    files: files.entries(),
    functions: functions.entries(),
  }
}

interface DescribedNode {
  readonly group: string
  readonly file: string
  readonly label: string
  parentId: number | undefined
}

function describeNodes({ nodes }: CpuProfile): Map<number, DescribedNode> {
  const described = new Map<number, DescribedNode>()
  for (const { id, callFrame } of nodes) {
    // Below every stack, and none of anyone's.
    if (callFrame.functionName === '(root)') continue
    const { group, file } = originOf(callFrame)
    const name = callFrame.functionName || '(anonymous)'
    const label = callFrame.url === '' ? name : `${name}  ${file}:${callFrame.lineNumber + 1}`
    described.set(id, { group, file, label, parentId: undefined })
  }
  for (const { id, children } of nodes)
    for (const child of children ?? []) {
      const node = described.get(child)
      if (node !== undefined) node.parentId = id
    }
  return described
}

/** A sample stands for the time until the next one. */
function sumSamples(
  { startTime, endTime, samples, timeDeltas }: CpuProfile,
  window: ProfileWindow | undefined,
): { selfMicros: Map<number, number>; sampleCount: number } {
  const selfMicros = new Map<number, number>()
  let sampleCount = 0
  let atMicros = startTime
  for (const [index, id] of samples.entries()) {
    atMicros += timeDeltas[index] ?? 0
    const micros = timeDeltas[index + 1] ?? endTime - atMicros
    if (window !== undefined && (atMicros < window.fromMicros || atMicros >= window.toMicros)) continue
    sampleCount += 1
    selfMicros.set(id, (selfMicros.get(id) ?? 0) + Math.max(0, micros))
  }
  return { selfMicros, sampleCount }
}

/** The nodes from the top of a stack down to its root. */
function stackOf(nodes: ReadonlyMap<number, DescribedNode>, topId: number): DescribedNode[] {
  const stack: DescribedNode[] = []
  for (let id: number | undefined = topId; id !== undefined;) {
    const node: DescribedNode | undefined = nodes.get(id)
    if (node === undefined) break
    stack.push(node)
    id = node.parentId
  }
  return stack
}

class Tally {
  readonly #self = new Map<string, number>()
  readonly #total = new Map<string, number>()

  /** @param names from the top of the stack to its root; a name that occurs more than once counts once */
  add(names: readonly string[], micros: number): void {
    const [top] = names
    if (top !== undefined) this.#self.set(top, (this.#self.get(top) ?? 0) + micros)
    for (const name of new Set(names)) this.#total.set(name, (this.#total.get(name) ?? 0) + micros)
  }

  entries(): ProfileEntry[] {
    return [...this.#self]
      .map(([name, selfMicros]) => ({ name, selfMicros, totalMicros: this.#total.get(name) ?? selfMicros }))
      .toSorted((a, b) => b.selfMicros - a.selfMicros)
  }
}
