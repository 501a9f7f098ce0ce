import type { BenchOptions } from '../options.ts'
import { DIRECT } from '../proxies/contenders.ts'
import { UsageError } from '../usage-error.ts'
import type { Case } from './case.ts'
import { WORKLOADS } from './workloads.ts'

/**
 * Gives the cases of a run, in the order of their tables.
 *
 * @throws UsageError for a name that no workload and no proxy has
 */
export function chooseCases(options: BenchOptions): Case[] {
  const { workloads, only } = options
  const names = WORKLOADS.map(({ name }) => name)
  const unknown = workloads.find((name) => !names.includes(name) && name !== 'all')
  if (unknown !== undefined) throw new UsageError(`--workload names ${unknown}; there are ${names.join(', ')}, all`)
  const cases = WORKLOADS.filter(({ name }) => workloads.includes(name) || workloads.includes('all')).flatMap(
    (workload) => workload.createCases(options),
  )
  return only === undefined ? cases : restrict(cases, only)
}

/** A case that none of these takes part in is left out. */
function restrict(cases: readonly Case[], only: readonly string[]): Case[] {
  const known = new Set([DIRECT, ...cases.flatMap(({ proxies }) => proxies.map(({ name }) => name))])
  const unknown = only.find((name) => !known.has(name))
  if (unknown !== undefined) throw new UsageError(`--only names ${unknown}; there are ${[...known].join(', ')}`)
  return cases
    .map((one) => ({
      ...one,
      proxies: one.proxies.filter(({ name }) => only.includes(name)),
      direct: one.direct && only.includes(DIRECT),
    }))
    .filter(({ proxies, direct }) => proxies.length > 0 || direct)
}
