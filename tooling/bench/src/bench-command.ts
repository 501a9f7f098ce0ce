import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { chooseLoadGenerator } from './load/load-launch.ts'
import type { BenchOptions } from './options.ts'
import { takePriority } from './process/priority.ts'
import { checkBars } from './report/check-bars.ts'
import { describeMachine } from './report/describe-machine.ts'
import { formatTable } from './report/format-table.ts'
import { createLoadColumns } from './report/load-columns.ts'
import { IDLE_COLUMNS, summariseIdle, type IdleRow } from './report/summarise-idle.ts'
import { summarise, type Row } from './report/summarise.ts'
import { runIdleCase, type IdleCaseResult } from './run-idle-case.ts'
import { runLoadCase, type LoadCaseResult } from './run-load-case.ts'
import { isPinned, type Progress } from './stage.ts'
import { missingUpstream } from './upstream/upstream-launch.ts'
import type { Case } from './workload/case.ts'
import { chooseCases } from './workload/choose-cases.ts'

/** Figures of one case, as in the file. */
type CaseReport = { readonly name: string; readonly summary: string } & (
  | (LoadCaseResult & { readonly kind: 'load'; readonly rows: readonly Row[] })
  | (IdleCaseResult & { readonly kind: 'idle'; readonly rows: readonly IdleRow[] })
)

/** Runs the chosen workloads, prints a table for each, and writes all figures to a file. */
export async function benchCommand(options: BenchOptions, signal: AbortSignal, print: Progress): Promise<void> {
  const cases = chooseCases(options)
  // What this starts inherits it.
  if (options.nice !== undefined) takePriority(options.nice)
  if (!isPinned())
    print('not pinned: this needs two cores and taskset, and without them the load takes from the proxies')
  const reports: CaseReport[] = []
  try {
    for (const one of cases) {
      const missing = missingFor(one)
      if (missing === undefined) reports.push(await runCase(one, options, { signal, progress: print }))
      else print(`${one.name}: skipped, ${missing}`)
    }
  } finally {
    // A case that fails does not take the figures of the others with it.
    if (reports.length > 0) await publish(reports, options, print)
  }
  if (reports.length === 0) throw new Error('nothing was measured')
  const failed = reports.flatMap(countErrors)
  if (failed.length > 0) throw new Error(`requests failed: ${failed.join(', ')}`)
}

/** What keeps a case from running here; undefined if nothing does. */
function missingFor({ load, proxies, direct, mode }: Case): string | undefined {
  const lacking = chooseLoadGenerator(load.client).missing ?? missingUpstream(load.upstream)
  if (lacking !== undefined) return lacking
  const present = proxies.filter((proxy) => proxy.missing() === undefined)
  if (mode.kind === 'share-of-nginx' && !present.some(({ name }) => name === 'nginx'))
    return 'its rate goes by what nginx reaches, and nginx does not take part: give --rate'
  if (present.length > 0 || direct) return undefined
  return proxies.map((proxy) => `${proxy.name}: ${proxy.missing()}`).join('; ')
}

async function publish(reports: readonly CaseReport[], options: BenchOptions, print: Progress): Promise<void> {
  const machine = describeMachine()
  print(`\n${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}`)
  for (const report of reports) print(`\n${formatReport(report)}`)
  await mkdir(dirname(options.json), { recursive: true })
  const file = { date: new Date().toISOString(), machine, pinned: isPinned(), options, cases: reports }
  await writeFile(options.json, `${JSON.stringify(file, null, 2)}\n`)
  print(`\nwritten to ${options.json}`)
}

async function runCase(
  one: Case,
  options: BenchOptions,
  surroundings: { signal: AbortSignal; progress: Progress },
): Promise<CaseReport> {
  const { name, summary } = one
  if (one.mode.kind === 'idle') {
    const result = await runIdleCase(one, options, surroundings)
    return { name, summary, kind: 'idle', ...result, rows: summariseIdle(result.series) }
  }
  const result = await runLoadCase(one, options, surroundings)
  return { name, summary, kind: 'load', ...result, rows: summarise(result.series) }
}

function formatReport(report: CaseReport): string {
  const { name, summary, connections } = report
  if (report.kind === 'idle') return `${name}: ${summary}\n\n${formatTable(IDLE_COLUMNS, report.rows)}`
  const { requestsPerSecond, rows } = report
  const rate = requestsPerSecond === undefined ? '' : `, ${requestsPerSecond} requests/s due`
  const bars = checkBars(name, rows)
  return [
    `${name}: ${summary}; ${connections} connections${rate}\n`,
    formatTable(createLoadColumns(rows, report.unit), rows),
    ...(bars.length > 0 ? ['', ...bars] : []),
  ].join('\n')
}

function countErrors(report: CaseReport): string[] {
  const counts =
    report.kind === 'idle'
      ? report.rows.map(({ name, lost }) => ({ name, errors: lost }))
      : report.rows.map(({ name, errors }) => ({ name, errors }))
  return counts.filter(({ errors }) => errors > 0).map(({ name, errors }) => `${report.name} ${name} ${errors}`)
}
