import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readProcesses } from '../src/process/cpu-time.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'vane-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function startBench(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, '--json', join(folder, 'out.json'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function waitForText(child: ChildProcess, text: string): Promise<string> {
  let output = ''
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk)
    if (output.includes(text)) return output
  }
  throw new Error(`the benchmark ended without saying ${text}:\n${output}`)
}

function listDescendants(rootPid: number): number[] {
  const found = [rootPid]
  const stats = readProcesses()
  for (const pid of found) found.push(...stats.filter((stat) => stat.parentPid === pid).map((stat) => stat.pid))
  return found
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a short run measures a peer and writes its figures', { timeout: 60_000 }, async () => {
  const child = startBench(['--seconds', '1', '--rounds', '1', '--only', 'direct,http-proxy-3'])
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  const { cases } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as {
    cases: { rows: Record<string, number>[] }[]
  }
  const rows = cases[0]?.rows ?? []
  expect(rows).toHaveLength(2)
  expect(rows[1]).toMatchObject({ name: 'http-proxy-3', errors: 0 })
  expect(rows[1]?.['requestsPerSecond']).toBeGreaterThan(100)
  expect(rows[1]?.['cpuMicrosPerRequest']).toBeGreaterThan(5)
})

test('Ctrl-C ends the run and everything it started', { timeout: 60_000 }, async () => {
  const child = startBench(['--seconds', '600', '--rounds', '1', '--only', 'http-proxy-3'])
  const exit = once(child, 'exit')
  await waitForText(child, '600 s')
  const started = listDescendants(child.pid ?? 0)
  expect(started.length).toBeGreaterThan(2)
  child.kill('SIGINT')
  const [code] = (await exit) as [number]
  expect(code).toBe(1)
  await expect.poll(() => started.filter(isRunning), { timeout: 10_000 }).toEqual([])
})

test('a workload that cannot run is skipped with its reason, and a run without any is a failure', async () => {
  const child = startBench(['--workload', 'half-load', '--only', 'http-proxy-3'])
  const [output, [code]] = await Promise.all([waitForText(child, 'skipped'), once(child, 'exit')])
  expect(output).toContain('half-load: skipped, its rate goes by what nginx reaches')
  expect(code).toBe(1)
})

test('a name that no proxy has is a usage error', async () => {
  const child = startBench(['--only', 'squid'])
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(2)
})
