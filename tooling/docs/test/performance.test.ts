import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codesOf, tableUnder } from '../src/read-tables.ts'
import { readPage, ROOT } from '../src/repository.ts'
import { runNode } from '../src/run-node.ts'

test('the options of the benchmark are those of --help', async () => {
  const { stdout } = await runNode([join(ROOT, 'tooling/bench/src/main.ts'), '--help'], { cwd: ROOT })
  const { rows } = tableUnder(await readPage('performance'), 'Running it')
  const documented = rows.map(([option = '']) => codesOf(option)[0]!.split(/[ =]/)[0])
  expect(documented).toEqual([...stdout.matchAll(/^ {2}(--[a-z]+)/gm)].map(([, name]) => name!))
  const workloads = [...(stdout.split('\nworkloads:\n')[1] ?? '').matchAll(/^ {2}([a-z0-9-]+) /gm)].map(
    ([, name]) => name!,
  )
  const named = codesOf(rows.find(([option]) => option?.includes('--workload'))?.[2] ?? '')
  expect(named).toEqual([...workloads, 'all'])
})
