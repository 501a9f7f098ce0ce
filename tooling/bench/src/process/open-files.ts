import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findProgram } from './find-program.ts'

/** Reads how many files a process may have open from the text of `/proc/PID/limits`. */
export function parseOpenFilesLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? []
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? 0)
}

/** Lets this process and those that it starts have so many files open, if the system allows it; gives how many they may. */
export function raiseOpenFiles(count: number): number {
  const prlimit = findProgram('prlimit')
  if (readLimit() < count && prlimit !== undefined) {
    try {
      execFileSync(prlimit, ['--pid', String(process.pid), `--nofile=${count}:${count}`], { stdio: 'ignore' })
    } catch {
      // Not root: what there is has to do.
    }
  }
  return readLimit()
}

function readLimit(): number {
  return parseOpenFilesLimit(readFileSync('/proc/self/limits', 'utf8'))
}
