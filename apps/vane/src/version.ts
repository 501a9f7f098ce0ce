import { readFile } from 'node:fs/promises'

/** The version of the command line, as its package has it. */
export async function readVersion(): Promise<string> {
  // One level up both from `src` and from `dist`.
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
