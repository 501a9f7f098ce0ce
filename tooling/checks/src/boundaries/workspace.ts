import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The part of a package.json that the check reads. */
export interface Manifest {
  readonly name?: string
  readonly private?: boolean
  readonly exports?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** A package of the workspace as it lies on disk. */
export interface WorkspacePackage {
  readonly name: string
  /** From the workspace root, with `/`. */
  readonly folder: string
  readonly manifest: Manifest
}

const SOURCE_FILE = /\.[cm]?[jt]sx?$/
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'coverage', '.turbo'])

/** Lists the packages one level below each of the given folders, sorted by folder. */
export function findPackages(root: string, folders: readonly string[]): WorkspacePackage[] {
  const found: WorkspacePackage[] = []
  for (const parent of folders) {
    if (!existsSync(join(root, parent))) continue
    for (const entry of readdirSync(join(root, parent)).toSorted()) {
      const folder = `${parent}/${entry}`
      const manifestPath = join(root, folder, 'package.json')
      if (!existsSync(manifestPath)) continue
      const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest
      found.push({ name: manifest.name ?? folder, folder, manifest })
    }
  }
  return found
}

/** Lists a package's own modules, JavaScript and TypeScript, as paths from the package folder with `/`, sorted. */
export function listModules(packageRoot: string): string[] {
  if (!existsSync(packageRoot)) return []
  return readdirSync(packageRoot, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE_FILE.test(entry.name))
    .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name)).split(sep))
    .filter((parts) => !parts.some((part) => SKIPPED_FOLDERS.has(part)))
    .map((parts) => parts.join('/'))
    .toSorted()
}

/** Folders of sources that are built and published, each by itself. */
const SHIPPED_FOLDERS = new Set(['src', 'tck'])

/** Whether a module is part of what users install: it lies in a published folder and is no test. */
export function isShipped(module: string): boolean {
  return SHIPPED_FOLDERS.has(topFolderOf(module)) && !/\.(test|bench)\.[cm]?[jt]sx?$/.test(module)
}

/** The first part of a path from the package folder. */
export function topFolderOf(module: string): string {
  return module.slice(0, module.indexOf('/'))
}
