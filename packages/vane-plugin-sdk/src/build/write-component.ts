import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes beside `out` and renames, so that a daemon that watches the folder never reads half a plugin. */
export async function writeComponent(out: string, component: Uint8Array): Promise<void> {
  await mkdir(dirname(out), { recursive: true })
  const temporary = `${out}.${randomBytes(6).toString('hex')}.tmp`
  await writeFile(temporary, component)
  await rename(temporary, out)
}
