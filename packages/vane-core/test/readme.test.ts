import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the example in the README prints what the README says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(import .*?)```\n\nprints\n\n```text\n(.*?)```/s.exec(readme)
  const [, code = '', output] = example ?? []
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=vane-source', '--input-type=module-typescript', '--eval', code],
    // From here the package's own name resolves to itself.
    { cwd: new URL('..', import.meta.url) },
  )
  expect(stdout).toBe(output)
})
