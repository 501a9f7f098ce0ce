import { parseArgs } from 'node:util'

/** What a run of the benchmark does. */
export interface BenchOptions {
  /** Length of one measured run. */
  readonly seconds: number
  /** Each proxy runs once per round; the figures are medians over rounds. */
  readonly rounds: number
  readonly connections: number
  /** Proxies by name; undefined means all. */
  readonly only: readonly string[] | undefined
  /** Plugin for the run of vaned with a plugin, as `FILE.wasm:EXPORT`; undefined means the quickstart's. */
  readonly plugin: string | undefined
  /** Where the figures go as JSON. */
  readonly json: string
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Printed for `--help` and after a usage error. */
export const USAGE = `usage: bench [--quick] [--seconds N] [--rounds N] [--connections N] [--only NAME,…] [--plugin FILE.wasm:EXPORT] [--json FILE]

  --quick          2 s, 2 rounds, for a first look; the defaults are 8 s, 5 rounds
  --seconds N      length of one measured run
  --rounds N       every proxy runs once per round, the figures are medians
  --connections N  kept-alive client connections, 32 by default
  --only NAME,…    direct, vaned, vaned+plugin, nginx, haproxy, http-proxy-3, @fastify/http-proxy
  --plugin …       plugin and export for vaned+plugin, the quickstart's by default
  --json FILE      where the figures go, results/latest.json by default
`

/**
 * Reads the command line.
 *
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], defaultJson: string): BenchOptions | undefined {
  const values = parseFlags(args)
  if (values.help === true) return undefined
  const only = values.only?.split(',').filter((name) => name !== '')
  return {
    seconds: parseCount('seconds', values.seconds, values.quick === true ? 2 : 8),
    rounds: parseCount('rounds', values.rounds, values.quick === true ? 2 : 5),
    connections: parseCount('connections', values.connections, 32),
    only,
    plugin: values.plugin,
    json: values.json ?? defaultJson,
  }
}

interface Flags {
  readonly help?: boolean | undefined
  readonly quick?: boolean | undefined
  readonly seconds?: string | undefined
  readonly rounds?: string | undefined
  readonly connections?: string | undefined
  readonly only?: string | undefined
  readonly plugin?: string | undefined
  readonly json?: string | undefined
}

function parseFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({
      // pnpm hands a separating -- on to the script.
      args: args[0] === '--' ? args.slice(1) : [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        connections: { type: 'string' },
        only: { type: 'string' },
        plugin: { type: 'string' },
        json: { type: 'string' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function parseCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 3600)
    throw new UsageError(`--${name} takes a whole number from 1 to 3600, not ${text}`)
  return count
}
