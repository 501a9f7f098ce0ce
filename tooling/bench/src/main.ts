import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseOptions, USAGE, UsageError, type BenchOptions } from './options.ts'
import { describeMachine } from './report/describe-machine.ts'
import { formatTable } from './report/format-table.ts'
import { summarise } from './report/summarise.ts'
import { runBench } from './run-bench.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`ended by ${name}`)))

try {
  const options = parseOptions(process.argv.slice(2), join(import.meta.dirname, '../results/latest.json'))
  if (options === undefined) process.stdout.write(USAGE)
  else await bench(options)
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

async function bench(options: BenchOptions): Promise<void> {
  const result = await runBench(options, stop.signal, (line) => console.log(line))
  const rows = summarise(result.series)
  const machine = describeMachine()
  console.log(`\n${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}\n`)
  console.log(formatTable(rows))
  await mkdir(dirname(options.json), { recursive: true })
  await writeFile(
    options.json,
    `${JSON.stringify({ date: new Date().toISOString(), machine, options, ...result, rows }, null, 2)}\n`,
  )
  console.log(`\nwritten to ${options.json}`)
  const failed = rows.filter((row) => row.errors > 0)
  if (failed.length > 0)
    throw new Error(`requests failed: ${failed.map((row) => `${row.name} ${row.errors}`).join(', ')}`)
}
