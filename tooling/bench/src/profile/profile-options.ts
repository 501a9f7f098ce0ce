import { join } from 'node:path'
import { parseCount, parseFlags } from '../parse-flags.ts'
import { createPlugins } from '../proxies/plugin-choices.ts'
import { UsageError } from '../usage-error.ts'
import { LOADS } from '../workload/loads.ts'
import type { ProfilePlan } from './run-profile.ts'

/** What `profile` is to do. */
export interface ProfileOptions extends ProfilePlan {
  /** Rows of a table. */
  readonly top: number
}

/** Printed for `profile --help` and after a usage error. */
export const PROFILE_USAGE = `usage: bench profile [--workload NAME] [--seconds N] [--connections N] [--plugins N]
                     [--no-flow-log] [--top N] [--interval N] [--perf]

  --workload NAME  ${LOADS.map(({ name }) => name).join(', ')}; small by default
  --seconds N      length of the profiled load, 8 by default
  --connections N  kept-alive client connections; the workload's by default
  --plugins N      plugins in the chain, 0 by default
  --no-flow-log    without recording trajectories
  --top N          rows of a table, 40 by default
  --interval N     microseconds between two samples, 500 by default
  --perf           by perf instead of V8's profiler: shows the kernel and Node's C++, too
`

/**
 * Reads the command line of `profile`.
 *
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseProfileOptions(args: readonly string[], resultsFolder: string): ProfileOptions | undefined {
  const flags = parseFlags(args, {
    help: { type: 'boolean', short: 'h' },
    workload: { type: 'string', default: 'small' },
    seconds: { type: 'string', default: '8' },
    connections: { type: 'string' },
    plugins: { type: 'string', default: '0' },
    'no-flow-log': { type: 'boolean', default: false },
    top: { type: 'string', default: '40' },
    interval: { type: 'string', default: '500' },
    perf: { type: 'boolean', default: false },
  })
  if (flags.help === true) return undefined
  const load = LOADS.find(({ name }) => name === flags.workload)
  if (load === undefined)
    throw new UsageError(`--workload takes one of ${LOADS.map(({ name }) => name).join(', ')}, not ${flags.workload}`)
  return {
    load,
    seconds: parseCount('seconds', flags.seconds),
    connections: flags.connections === undefined ? load.connections : parseCount('connections', flags.connections),
    plugins: flags.plugins === '0' ? [] : createPlugins(parseCount('plugins', flags.plugins)),
    flowLog: !flags['no-flow-log'],
    top: parseCount('top', flags.top),
    intervalMicros: parseCount('interval', flags.interval),
    sampler: flags.perf ? 'perf' : 'v8',
    file: join(resultsFolder, `vaned-${load.name}.${flags.perf ? 'perf.data' : 'cpuprofile'}`),
  }
}
