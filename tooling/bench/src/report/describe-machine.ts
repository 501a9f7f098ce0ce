import { availableParallelism, cpus, release } from 'node:os'

/** What a reader of the figures has to know about where they come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
}

/** Describes the machine that this runs on. */
export function describeMachine(): Machine {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), kernel: release(), node: process.version }
}
