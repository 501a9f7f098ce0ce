import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { chooseCases } from './choose-cases.ts'
import type { BenchOptions } from './options.ts'
import { describeMachine } from './report/describe-machine.ts'
import { formatTable } from './report/format-table.ts'
import { createLoadColumns } from './report/load-columns.ts'
import { REFERENCES, summarise, type Row } from './report/summarise.ts'
import { runCase, type CaseResult } from './run-case.ts'
import { isPinned, type Progress } from './stage.ts'

/** Runs the chosen workloads, prints a table for each, and writes all figures to a file. */
export async function benchCommand(options: BenchOptions, signal: AbortSignal, print: Progress): Promise<void> {
  const cases = chooseCases(options)
  const machine = describeMachine()
  const pinned = isPinned()
  if (!pinned) print('not pinned: this needs two cores and taskset, and without them the load takes from the proxies')
  const results: (CaseResult & { rows: readonly Row[] })[] = []
  for (const one of cases) {
    if (one.proxies.length === 0 && !one.direct) continue
    const result = await runCase(one, options, { signal, progress: print })
    results.push({ ...result, rows: summarise(result.series) })
  }

  print(`\n${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}`)
  for (const [index, { name, connections, rows }] of results.entries()) {
    const references = REFERENCES.filter((reference) => rows.some((row) => row.name === reference))
    print(`\n${name}: ${cases[index]?.load.summary}; ${connections} connections\n`)
    print(formatTable(createLoadColumns(references), rows))
  }
  await mkdir(dirname(options.json), { recursive: true })
  const report = { date: new Date().toISOString(), machine, pinned, options, cases: results }
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  print(`\nwritten to ${options.json}`)
  const failed = results.flatMap(({ name, rows }) =>
    rows.filter((row) => row.errors > 0).map((row) => `${name}: ${row.name} ${row.errors}`),
  )
  if (failed.length > 0) throw new Error(`requests failed: ${failed.join(', ')}`)
}
