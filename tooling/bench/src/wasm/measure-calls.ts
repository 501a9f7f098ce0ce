import { median } from '../report/summarise.ts'
import type { Subject } from './subject.ts'

/** What a call costs, in microseconds: CPU time of the whole process, and time by the wall. */
export interface CallFigures {
  readonly name: string
  readonly minCpuMicros: number
  readonly cpuMicros: number
  readonly wallMicros: number
}

const WARM_UP_MS = 150
const ROUND_MS = 20

/**
 * Calls every subject in turn, round after round, so that whatever else the machine does falls on all of them. Figures are medians
 * over rounds.
 */
export async function measureCalls(subjects: readonly Subject[], rounds: number): Promise<CallFigures[]> {
  const standing: { subject: Subject; calls: number; cpu: number[]; wall: number[] }[] = []
  for (const subject of subjects) standing.push({ subject, calls: await calibrate(subject), cpu: [], wall: [] })
  for (let round = 0; round < rounds; round++) {
    for (const { subject, calls, cpu, wall } of standing) {
      const startMs = performance.now()
      const start = process.cpuUsage()
      await subject.run(calls)
      const { user, system } = process.cpuUsage(start)
      cpu.push((user + system) / calls)
      wall.push(((performance.now() - startMs) * 1000) / calls)
    }
  }
  return standing.map(({ subject: { name }, cpu, wall }) => ({
    name,
    minCpuMicros: Math.min(...cpu),
    cpuMicros: median(cpu),
    wallMicros: median(wall),
  }))
}

/**
 * Warms a subject up; answers how many calls make a round. By CPU time: on a busy machine a single call may take as long as a
 * round by the wall.
 */
async function calibrate(subject: Subject): Promise<number> {
  let calls = 1
  const begun = process.cpuUsage()
  for (;;) {
    const start = process.cpuUsage()
    await subject.run(calls)
    const tookMs = toMs(process.cpuUsage(start))
    if (tookMs < ROUND_MS) calls *= 2
    else if (toMs(process.cpuUsage(begun)) > WARM_UP_MS) return Math.max(1, Math.round((calls * ROUND_MS) / tookMs))
  }
}

function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}
