import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand, runPnpm } from './run-command.ts'

/** A package as its users get it. */
export interface PackedPackage {
  /** Path of the `.tgz`. */
  readonly tarball: string
  /** Folder with what is in it. */
  readonly contents: string
  readonly manifest: Readonly<Record<string, unknown>>
}

/**
 * Packs a package as publishing it would, and unpacks the result beside it.
 *
 * @param packageRoot absolute
 * @param destination an existing folder, which the caller removes
 */
export async function packPackage(packageRoot: string, destination: string): Promise<PackedPackage> {
  const { name } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { name: string }
  const tarball = join(destination, `${name.replace('/', '-')}.tgz`)
  await runPnpm(['pack', '--out', tarball], packageRoot)
  const contents = join(destination, name.replace('/', '-'))
  await mkdir(contents)
  await runCommand('tar', ['-xzf', tarball, '-C', contents, '--strip-components=1'], { cwd: destination })
  const manifest = JSON.parse(await readFile(join(contents, 'package.json'), 'utf8')) as Record<string, unknown>
  return { tarball, contents, manifest }
}
