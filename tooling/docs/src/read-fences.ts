/** One fenced block of a page. */
export interface Fence {
  /** First word after the backticks; empty for none. */
  readonly language: string
  /** The words after it: what the tests do with the block. */
  readonly marks: readonly string[]
  readonly text: string
  /** Of the opening backticks, from 1. */
  readonly line: number
}

/** The fenced blocks of a page, in order. */
export function readFences(markdown: string): Fence[] {
  const fences: Fence[] = []
  let open: { language: string; marks: string[]; line: number; lines: string[] } | undefined
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(text)
    if (fence === null) {
      open?.lines.push(text)
    } else if (open === undefined) {
      const [language = '', ...marks] = fence[1]!.trim().split(/\s+/)
      open = { language, marks, line: index + 1, lines: [] }
    } else {
      const { lines, ...rest } = open
      fences.push({ ...rest, text: `${lines.join('\n')}\n` })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`the fence in line ${open.line} is not closed`)
  return fences
}

/** The value of a mark such as `file=plugin.ts`. */
export function markOf(fence: Fence, name: string): string | undefined {
  return fence.marks.find((mark) => mark.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** The blocks that are files of an example project, by path. */
export function filesOf(fences: readonly Fence[], prefix = ''): Record<string, string> {
  const files: Record<string, string> = {}
  for (const fence of fences) {
    const path = markOf(fence, 'file')
    if (path?.startsWith(prefix) !== true) continue
    const relative = path.slice(prefix.length)
    if (Object.hasOwn(files, relative)) throw new Error(`line ${fence.line}: a second ${path}`)
    files[relative] = fence.text
  }
  return files
}
