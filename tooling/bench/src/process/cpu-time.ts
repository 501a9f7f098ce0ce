import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** One process as `/proc/PID/stat` has it. */
export interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  /** User and system time, of the process and of the children that it has waited for, in clock ticks. */
  readonly cpuTicks: number
}

/** Reads the fields of `/proc/PID/stat` (proc_pid_stat(5)); the command name in parentheses may hold spaces and parentheses. */
export function parseProcessStat(text: string): ProcessStat {
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // Fields are counted from 1 in the manual, and the third is the first after the name.
  const field = (number: number): number => Number(rest[number - 3])
  return {
    pid: Number.parseInt(text, 10),
    parentPid: field(4),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
  }
}

/** Sums the CPU time of a process and of everything below it, dead children included. */
export function sumTree(rootPid: number, processes: readonly ProcessStat[]): number {
  return treeOf(rootPid, processes).reduce((sum, { cpuTicks }) => sum + cpuTicks, 0)
}

/** Gives a process and everything below it, in whatever order the listing has them. */
export function treeOf(rootPid: number, processes: readonly ProcessStat[]): ProcessStat[] {
  const byParent = Map.groupBy(processes, (stat) => stat.parentPid)
  const tree = processes.filter((stat) => stat.pid === rootPid)
  for (const { pid } of tree) tree.push(...(byParent.get(pid) ?? []))
  return tree
}

/** Gives a function that reads the CPU time, in microseconds, which a process and its children have had so far. */
export function createCpuClock(): (pid: number) => number {
  const microsPerTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return (pid) => sumTree(pid, readProcesses()) * microsPerTick
}

/** Reads every process of the machine. */
export function readProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))]
      } catch {
        // It ended between the listing and the reading.
        return []
      }
    })
}
