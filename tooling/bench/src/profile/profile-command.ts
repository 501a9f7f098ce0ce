import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { findProgram } from '../process/find-program.ts'
import type { Progress } from '../stage.ts'
import { parseCpuProfile } from './cpu-profile.ts'
import { formatProfile } from './format-profile.ts'
import type { ProfileOptions } from './profile-options.ts'
import { runProfile } from './run-profile.ts'
import { summariseProfile } from './summarise-profile.ts'

const PERF_MAX_BYTES = 256 * 1024 * 1024

/** Profiles vaned and prints where its time goes. */
export async function profileCommand(options: ProfileOptions, signal: AbortSignal, print: Progress): Promise<void> {
  const { file, top, sampler } = options
  const { pid, window, requests, errors, cpuMicrosPerRequest } = await runProfile(options, signal, print)
  print(`${cpuMicrosPerRequest.toFixed(1)} µs CPU per request with the sampler on\n`)
  if (sampler === 'perf') {
    print(readPerfReport(file, top))
    print(`\nwritten to ${file}: perf report -i ${file}; names of compiled functions are in /tmp/perf-${pid}.map`)
  } else {
    const profile = parseCpuProfile(await readFile(file, 'utf8'))
    print(formatProfile(summariseProfile(profile, window), { requests, top }))
    print(`\nwritten to ${file}: Chrome's DevTools open it; --perf shows the kernel and Node's C++, too`)
  }
  if (errors > 0) throw new Error(`${errors} requests failed`)
}

/** The functions with the most time of their own, without their callers. */
function readPerfReport(file: string, top: number): string {
  const args = ['report', '-i', file, '--stdio', '--no-children', '-g', 'none', '--sort', 'symbol,dso']
  const text = execFileSync(findProgram('perf') ?? 'perf', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: PERF_MAX_BYTES,
  })
  const rows = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return rows
    .slice(0, top)
    .map((row) => row.trimEnd().replaceAll(/ {2,}(?=\S)/g, '  '))
    .join('\n')
}
