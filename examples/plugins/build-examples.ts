import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { buildAssemblyScript, buildPlugin, buildWat } from 'vane-plugin-sdk/build'

const here = fileURLToPath(new URL('.', import.meta.url))
const sdk = fileURLToPath(new URL('.', import.meta.resolve('vane-plugin-sdk/package.json')))

/** How each example is built. */
const examples = {
  'hello-ts': (folder: string, out: string) => buildPlugin({ entry: join(folder, 'plugin.ts'), out }),
  'block-wat': (folder: string, out: string) =>
    buildWat({ entry: join(folder, 'plugin.wat'), out, world: 'l7-request-plugin' }),
  'tag-as': (folder: string, out: string) =>
    buildAssemblyScript({ entry: join(folder, 'plugin.ts'), out, world: 'l7-response-plugin' }),
} as const

/** The name of an example, which is its folder's and its component's. */
export type ExampleName = keyof typeof examples

/** What became of an example. */
export interface ExampleResult {
  name: ExampleName
  out: string
  built: boolean
  elapsedMs: number
  sizeBytes: number
}

/** Builds those examples whose sources, or whose SDK, changed since the last time; `report` is called after each. */
export async function buildExamples(report: (result: ExampleResult) => void = () => {}): Promise<ExampleResult[]> {
  const results: ExampleResult[] = []
  const sdkHash = await hashFolders(
    [join(sdk, 'src'), join(sdk, 'wit'), join(sdk, 'assemblyscript')],
    await readFile(join(sdk, 'package.json'), 'utf8'),
  )
  // One after another: each of them keeps a core busy.
  for (const name of Object.keys(examples) as ExampleName[]) {
    const result = await buildExample(name, sdkHash)
    report(result)
    results.push(result)
  }
  return results
}

async function buildExample(name: ExampleName, sdkHash: string): Promise<ExampleResult> {
  const startedAt = performance.now()
  const folder = join(here, name)
  const out = join(here, 'dist', `${name}.wasm`)
  const hashFile = join(here, 'dist', `${name}.hash`)
  const hash = await hashFolders([folder], sdkHash)
  const built = (await readFile(hashFile, 'utf8').catch(() => '')) !== `${hash} ${await sizeOf(out)}`
  if (built) {
    await examples[name](folder, out)
    await mkdir(join(here, 'dist'), { recursive: true })
    await writeFile(hashFile, `${hash} ${await sizeOf(out)}`)
  }
  return { name, out, built, elapsedMs: performance.now() - startedAt, sizeBytes: await sizeOf(out) }
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

async function hashFolders(folders: readonly string[], seed: string): Promise<string> {
  const hash = createHash('sha256').update(seed)
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const file of files.toSorted())
      hash
        .update(file.slice(folder.length))
        .update('\0')
        .update(await readFile(file))
  }
  return hash.digest('hex')
}
