import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { UsageError } from './usage-error.ts'

/** Most that a count on the command line may be. */
const MAX_COUNT = 1_000_000

/**
 * Reads flags as `parseArgs` does.
 *
 * @throws UsageError
 */
export function parseFlags<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T }>>['values'] {
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/**
 * Reads a whole number from 1 on.
 *
 * @throws UsageError
 */
export function parseCount(name: string, text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > MAX_COUNT)
    throw new UsageError(`--${name} takes a whole number from 1 to ${MAX_COUNT}, not ${text}`)
  return count
}
