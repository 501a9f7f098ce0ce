import { parseCount, parseFlags } from './parse-flags.ts'

/** What a run of the benchmark does. */
export interface BenchOptions {
  /** By name; `all` means all. */
  readonly workloads: readonly string[]
  /** A short look at few proxies. */
  readonly quick: boolean
  /** Length of one measured run. */
  readonly seconds: number
  /** Each proxy runs once per round; the figures are medians over rounds. */
  readonly rounds: number
  /** Undefined means the workload's own number. */
  readonly connections: number | undefined
  /** Proxies by name; undefined means all. */
  readonly only: readonly string[] | undefined
  /** A further plugin for the workload `plugins`: `typescript` or `FILE.wasm:EXPORT`. */
  readonly plugin: string | undefined
  /** Where the figures go as JSON. */
  readonly json: string
}

/** Printed for `--help` and after a usage error. */
export const USAGE = `usage: bench [--workload NAME,…] [--quick] [--seconds N] [--rounds N] [--connections N] [--only NAME,…]
             [--plugin typescript|FILE.wasm:EXPORT] [--json FILE]
       bench profile [--help]

  --workload NAME,…  small (default), 16k, 1m-down, 1m-up, rules, plugins; or all
  --quick            2 s, 2 rounds, few proxies, for a first look; the defaults are 8 s, 5 rounds, all
  --seconds N        length of one measured run
  --rounds N         every proxy runs once per round, the figures are medians
  --connections N    kept-alive client connections; the workload's by default, mostly 32
  --only NAME,…      proxies by name, as in the first column of the table
  --plugin …         a further plugin for the workload plugins
  --json FILE        where the figures go, results/latest.json by default
`

/**
 * Reads the command line.
 *
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], defaultJson: string): BenchOptions | undefined {
  const flags = parseFlags(args, {
    help: { type: 'boolean', short: 'h', default: false },
    quick: { type: 'boolean', default: false },
    workload: { type: 'string', default: 'small' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    connections: { type: 'string' },
    only: { type: 'string' },
    plugin: { type: 'string' },
    json: { type: 'string' },
  })
  if (flags.help) return undefined
  const count = (name: 'seconds' | 'rounds' | 'connections'): number | undefined =>
    flags[name] === undefined ? undefined : parseCount(name, flags[name])
  return {
    workloads: splitNames(flags.workload),
    quick: flags.quick,
    seconds: count('seconds') ?? (flags.quick ? 2 : 8),
    rounds: count('rounds') ?? (flags.quick ? 2 : 5),
    connections: count('connections'),
    only: flags.only === undefined ? undefined : splitNames(flags.only),
    plugin: flags.plugin,
    json: flags.json ?? defaultJson,
  }
}

function splitNames(text: string): string[] {
  return text.split(',').filter((name) => name !== '')
}
