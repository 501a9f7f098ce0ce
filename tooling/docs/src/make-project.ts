import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A reader's project: the files of a page's examples, with the packages installed. */
export interface Project extends AsyncDisposable {
  readonly dir: string
}

/** Makes a project in a folder of its own, which is gone when it is disposed of. */
export async function makeProject(files: Readonly<Record<string, string | Uint8Array>>): Promise<Project> {
  const dir = await mkdtemp(join(tmpdir(), 'vane-docs-'))
  await symlink(join(import.meta.dirname, '../node_modules'), join(dir, 'node_modules'))
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }\n')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), content)
  }
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}
