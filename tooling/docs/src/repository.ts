import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The repository's root. */
export const ROOT: string = join(import.meta.dirname, '../../..')

/** A page of `docs/`, by its name without `.md`. */
export async function readPage(name: string): Promise<string> {
  return readFile(join(ROOT, 'docs', `${name}.md`), 'utf8')
}

/** Every page people read, as paths from the root. */
export async function listPages(): Promise<string[]> {
  const patterns = ['*.md', 'docs/**/*.md', '{packages,apps,tooling}/*/*.md', 'examples/**/*.md']
  const paths: string[] = []
  const exclude = ['**/node_modules/**', '**/dist/**', '**/CHANGELOG.md']
  for await (const path of glob(patterns, { cwd: ROOT, exclude })) paths.push(path)
  return paths.toSorted()
}
