import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** How a child process ended. */
export interface ChildResult {
  stdout: string
  stderr: string
}

/** Runs a script of this folder in a process of its own, which has to end by itself; rejects if it fails or takes too long. */
export async function runChild(
  script: string,
  args: readonly string[],
  { maxAddressSpaceKb, maxFileBlocks }: { maxAddressSpaceKb?: number; maxFileBlocks?: number } = {},
): Promise<ChildResult> {
  const file = fileURLToPath(new URL(`./${script}`, import.meta.url))
  const limits = { v: maxAddressSpaceKb, f: maxFileBlocks }
  const limit = Object.entries(limits)
    .map(([option, value]) => (value === undefined ? '' : `ulimit -${option} ${value}; `))
    .join('')
  const command = ['-c', `${limit}exec "$0" "$@"`, process.execPath, '--conditions=vane-source', file, ...args]
  return await promisify(execFile)('sh', command, { timeout: 30_000 })
}
