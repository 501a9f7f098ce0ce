import { readFileSync } from 'node:fs'
import { readProcesses, treeOf } from './cpu-time.ts'

/** Reads `VmRSS` from the text of `/proc/PID/status`, in bytes; 0 for a process that has ended. */
export function parseRssBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** Resident memory of a process and everything below it, in bytes. What they share counts for each. */
export function readTreeRssBytes(rootPid: number): number {
  return treeOf(rootPid, readProcesses()).reduce((sum, { pid }) => sum + readRssBytes(pid), 0)
}

function readRssBytes(pid: number): number {
  try {
    return parseRssBytes(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // It ended between the listing and the reading.
    return 0
  }
}
