import { parseCount, parseFlags } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'
import { WORKLOADS } from './workload/workloads.ts'

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
  /** For the workloads at a rate; undefined means their own. */
  readonly requestsPerSecond: number | undefined
  /** Proxies by name; undefined means all. */
  readonly only: readonly string[] | undefined
  /** A further plugin for the workload `plugins`: `typescript` or `FILE.wasm:EXPORT`. */
  readonly plugin: string | undefined
  /** Priority of everything that runs, -20 (first) to 19; undefined leaves it alone. */
  readonly nice: number | undefined
  /** Where the figures go as JSON. */
  readonly json: string
}

/** Printed for `--help` and after a usage error. */
export const USAGE = `usage: bench [--workload NAME,…] [--quick] [--seconds N] [--rounds N] [--connections N] [--rate N]
             [--only NAME,…] [--plugin typescript|FILE.wasm:EXPORT] [--nice=N] [--json FILE]
       bench profile [--help]
       bench install

  --workload NAME,…  small by default; all, or some of those below
  --quick            2 s, 2 rounds, few proxies, for a first look; the defaults are 8 s, 5 rounds, all
  --seconds N        length of one measured run
  --rounds N         every proxy runs once per round, the figures are medians
  --connections N    client connections; the workload's by default, mostly 32
  --rate N           requests per second for half-load and low-load
  --only NAME,…      proxies by name, as in the first column of the table
  --plugin …         a further plugin for the workload plugins
  --nice=N           priority of all that runs, -20 to 19; below 0, as root only, it holds against neighbours
  --json FILE        where the figures go, results/latest.json by default

  profile            shows where the time of vaned goes
  install            installs the peers that Debian has, as root

workloads:
${WORKLOADS.map(({ name, help }) => `  ${name.padEnd(17)}  ${help}`).join('\n')}
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
    rate: { type: 'string' },
    only: { type: 'string' },
    plugin: { type: 'string' },
    nice: { type: 'string' },
    json: { type: 'string' },
  })
  if (flags.help) return undefined
  const count = (name: 'seconds' | 'rounds' | 'connections' | 'rate'): number | undefined =>
    flags[name] === undefined ? undefined : parseCount(name, flags[name])
  return {
    workloads: splitNames(flags.workload),
    quick: flags.quick,
    seconds: count('seconds') ?? (flags.quick ? 2 : 8),
    rounds: count('rounds') ?? (flags.quick ? 2 : 5),
    connections: count('connections'),
    requestsPerSecond: count('rate'),
    only: flags.only === undefined ? undefined : splitNames(flags.only),
    plugin: flags.plugin,
    nice: flags.nice === undefined ? undefined : parseNice(flags.nice),
    json: flags.json ?? defaultJson,
  }
}

function parseNice(text: string): number {
  const nice = Number(text)
  if (!/^-?\d+$/.test(text) || nice < -20 || nice > 19) throw new UsageError(`--nice takes -20 to 19, not ${text}`)
  return nice
}

function splitNames(text: string): string[] {
  return text.split(',').filter((name) => name !== '')
}
