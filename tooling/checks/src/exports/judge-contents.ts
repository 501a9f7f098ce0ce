import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

const DEPENDENCY_FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies']
const REQUIRED_FILES = ['README.md', 'LICENSE', 'package.json']

/**
 * Says what is wrong with a tarball's contents, beyond what publint and attw look at: workspace ranges that only pnpm
 * understands, export targets of any condition that are not there, files that are missing or do not belong.
 *
 * @param contents folder with the unpacked tarball
 */
export function judgeContents(contents: string, manifest: Readonly<Record<string, unknown>>): string[] {
  const files = readdirSync(contents, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(contents, join(entry.parentPath, entry.name)).split(sep).join('/'))
  return [
    ...REQUIRED_FILES.filter((file) => !files.includes(file)).map((file) => `has no ${file}`),
    ...files
      .filter((file) => /\.test\.|(^|\/)test\/|\.tsbuildinfo$|(^|\/)vitest\./.test(file))
      .map((file) => `carries ${file}, which is of no use to its users`),
    ...judgeRanges(manifest),
    ...judgeTargets(contents, manifest['exports'], 'exports'),
    ...judgeTargets(contents, manifest['bin'], 'bin'),
  ]
}

function judgeRanges(manifest: Readonly<Record<string, unknown>>): string[] {
  return DEPENDENCY_FIELDS.flatMap((field) =>
    Object.entries((manifest[field] ?? {}) as Record<string, string>)
      .filter(([, range]) => !/^([\^~]|[<>]=?)?\d/.test(range))
      .map(([name, range]) => `asks in ${field} for ${name} ${range}, which no registry can answer`),
  )
}

function judgeTargets(contents: string, target: unknown, path: string): string[] {
  if (typeof target === 'string') {
    if (target.includes('*'))
      return existsSync(join(contents, target.slice(0, target.indexOf('*'))))
        ? []
        : [`${path} points at ${target}, and nothing is there`]
    return existsSync(join(contents, target)) ? [] : [`${path} points at ${target}, which is not in the tarball`]
  }
  if (typeof target !== 'object' || target === null) return []
  return Object.entries(target).flatMap(([key, value]) => judgeTargets(contents, value, `${path} → ${key}`))
}
