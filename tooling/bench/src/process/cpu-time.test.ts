import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createCpuClock, parseProcessStat, sumTree } from './cpu-time.ts'
import { parseRssBytes, readTreeRssBytes } from './memory.ts'

test('a command name with spaces and parentheses does not shift the fields', () => {
  const text = '4711 (a) b (c) S 12 4711 4711 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 5 6 7'
  expect(parseProcessStat(text)).toEqual({ pid: 4711, parentPid: 12, cpuTicks: 127 })
})

test('a process counts with everything below it, in whatever order the listing has them', () => {
  const processes = [
    { pid: 40, parentPid: 30, cpuTicks: 1000 },
    { pid: 10, parentPid: 1, cpuTicks: 1 },
    { pid: 30, parentPid: 10, cpuTicks: 100 },
    { pid: 20, parentPid: 10, cpuTicks: 10 },
    { pid: 50, parentPid: 1, cpuTicks: 10_000 },
  ]
  expect(sumTree(10, processes)).toBe(1111)
  expect(sumTree(99, processes)).toBe(0)
})

test('a child that burns CPU is seen through its parent', async () => {
  const script = `require('node:child_process').spawnSync(process.execPath, ['-e', 'for (let used = 0; used < 250000; ) { const { user, system } = process.cpuUsage(); used = user + system }']); console.log('done'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    expect(createCpuClock()(child.pid ?? 0)).toBeGreaterThan(100_000)
  } finally {
    child.kill('SIGKILL')
  }
})

test('resident memory is read in bytes', () => {
  expect(parseRssBytes('Name:\tnode\nVmHWM:\t  9 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n')).toBe(2 ** 21)
  expect(parseRssBytes('Name:\tzombie\n')).toBe(0)
  expect(readTreeRssBytes(process.pid)).toBeGreaterThan(2 ** 20)
})
