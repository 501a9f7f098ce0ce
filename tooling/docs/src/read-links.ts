import { withoutFences } from './read-tables.ts'

/** A link of a page to something in the repository. */
export interface Link {
  readonly target: string
  readonly line: number
}

/** The relative links of a page; those to the web are left out. */
export function readLinks(markdown: string): Link[] {
  const text = withoutFences(markdown).replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length))
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => ({ target: match[1]!, line: text.slice(0, match.index).split('\n').length }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
}

/** The anchors of a page's headings, as GitHub makes them. */
export function readAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>()
  for (const line of withoutFences(markdown).split('\n')) {
    const heading = /^#+ (.*)$/.exec(line)?.[1]
    if (heading === undefined) continue
    anchors.add(
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    )
  }
  return anchors
}
