import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const AUTOGROUP = '/proc/self/autogroup'

/**
 * Gives this process, and what it starts from then on, another priority, -20 (first) to 19.
 *
 * Where Linux groups processes by session (sched(7), "The autogroup feature"), a priority counts within its group only: the
 * group's is set as well, and set back when this process ends.
 *
 * @throws where the system does not allow it
 */
export function takePriority(nice: number): void {
  setPriority(nice)
  const before = readAutogroupNice()
  if (before === undefined) return
  writeFileSync(AUTOGROUP, String(nice))
  process.once('exit', () => writeFileSync(AUTOGROUP, String(before)))
}

function readAutogroupNice(): number | undefined {
  try {
    const [, nice] = /nice (-?\d+)/.exec(readFileSync(AUTOGROUP, 'utf8')) ?? []
    return nice === undefined ? undefined : Number(nice)
  } catch {
    // A kernel without autogroups.
    return undefined
  }
}
