import { setTimeout as wait } from 'node:timers/promises'
import type { Recording } from './switched-flow-log.ts'
import type { Subject } from './start-subject.ts'

/** Until what the recording before has left behind is done with, and the file writes as much as comes in. */
const SETTLE_MS = 150
const SLICE_MS = 150

/**
 * Switches between recordings while the load goes on, and finds what a request costs with each: CPU time of this process in
 * microseconds, one figure a round. So short a time after each other, what else the machine does falls on all of them.
 */
export async function measureRecordings(
  { flowLog, requests }: Subject,
  recordings: readonly Recording[],
  rounds: number,
): Promise<Map<Recording, number[]>> {
  const micros = new Map(recordings.map((recording) => [recording, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const recording of shuffle(recordings)) {
      flowLog.record(recording)
      await wait(SETTLE_MS)
      const [cpuBefore, requestsBefore] = [process.cpuUsage(), requests()]
      await wait(SLICE_MS)
      const { user, system } = process.cpuUsage(cpuBefore)
      const done = requests() - requestsBefore
      // The load had no turn on a busy machine: nothing to be learnt.
      if (round > 0) micros.get(recording)!.push(done === 0 ? Number.NaN : (user + system) / done)
    }
  }
  flowLog.record('off')
  return micros
}

/** In an order of chance: in one that stays, each would always come after the same other. */
function shuffle<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
