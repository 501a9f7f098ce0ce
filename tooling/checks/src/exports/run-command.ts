import { execFile } from 'node:child_process'
import { basename, delimiter } from 'node:path'
import { promisify } from 'node:util'

const TIMEOUT_MS = 240_000

const execFileAsync = promisify(execFile)

/** Where a command runs. */
export interface CommandOptions {
  readonly cwd: string
  /** Instead of this process's own. */
  readonly env?: NodeJS.ProcessEnv
}

/** A command that ended with another code than 0. The message holds what it printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * Runs a command to its end and gives what it wrote on standard output. One that takes over 4 minutes is ended.
 *
 * @throws CommandError with everything that was printed
 */
export async function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  try {
    const settings = { ...options, maxBuffer: 64 * 1024 * 1024, timeout: TIMEOUT_MS, encoding: 'utf8' as const }
    return (await execFileAsync(file, args, settings)).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new CommandError(`${basename(file)} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

/** Runs npm as a stranger has it: on their own Node, not on the one in this repository's `node_modules`. */
export function runNpm(args: readonly string[], cwd: string): Promise<string> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const PATH = folders.filter((folder) => !folder.includes('node_modules')).join(delimiter)
  return runCommand('npm', args, { cwd, env: { ...process.env, PATH } })
}

/** Runs pnpm: the one that runs this script, or the pinned one through npx. */
export function runPnpm(args: readonly string[], cwd: string): Promise<string> {
  const current = process.env['npm_execpath']
  if (current !== undefined && basename(current).startsWith('pnpm'))
    return runCommand(process.execPath, [current, ...args], { cwd })
  return runCommand('npx', ['-y', 'pnpm@10.34.8', ...args], { cwd })
}
