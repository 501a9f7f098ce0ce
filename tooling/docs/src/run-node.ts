import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a program printed and how it ended. */
export interface NodeRun {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Runs Node on the packages' sources. A variable that is `undefined` is taken away. */
export async function runNode(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string | undefined>> },
): Promise<NodeRun> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=vane-source', ...args], {
      cwd,
      env: { ...withoutOwn(process.env), ...env },
      timeout: 60_000,
    })
    return { stdout, stderr, code: 0 }
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'number') throw error
    const { stdout = '', stderr = '', code } = error as Partial<NodeRun> & { code: number }
    return { stdout, stderr, code }
  }
}

/** Neither the developer's settings nor the test runner's may show in a program's output. */
function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(?:VANE_|VITEST|NODE_OPTIONS|NODE_TEST|FORCE_COLOR)/.test(name)),
  )
}
