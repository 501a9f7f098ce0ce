import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { readAnchors, readLinks } from '../src/read-links.ts'
import { listPages, ROOT } from '../src/repository.ts'

const pages = await listPages()

test('all pages are looked at', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/rules.md', 'packages/vane-core/README.md']))
})

test.each(pages)('links of %s', async (page) => {
  const text = await readFile(join(ROOT, page), 'utf8')
  const broken: string[] = []
  for (const { target, line } of readLinks(text)) {
    const problem = await whyBroken(page, target)
    if (problem !== undefined) broken.push(`${page}:${line}: ${target}: ${problem}`)
  }
  expect(broken).toEqual([])
})

async function whyBroken(page: string, target: string): Promise<string | undefined> {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path)
  if (relative(ROOT, file).startsWith('..')) return 'leads out of the repository'
  const stats = await stat(file).catch(() => undefined)
  if (stats === undefined) return 'there is no such file'
  if (anchor === undefined) return undefined
  if (!stats.isFile()) return 'a folder has no headings'
  return readAnchors(await readFile(file, 'utf8')).has(anchor) ? undefined : 'there is no such heading'
}
