import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Launch } from '../process/launch.ts'

/** What to send where. */
export interface LoadPlan {
  readonly url: string
  readonly connections: number
  readonly seconds: number
}

/** A load generator. */
export interface LoadGenerator {
  readonly name: string
  launch(plan: LoadPlan): Launch
}

/** Takes wrk if it is installed, else our own generator, which asks more of its core and so finds lower maxima. */
export function chooseLoadGenerator(): LoadGenerator {
  const wrk = findProgram('wrk')
  if (wrk !== undefined) {
    const script = join(import.meta.dirname, 'report.lua')
    return {
      name: 'wrk',
      launch: ({ url, connections, seconds }) => ({
        command: wrk,
        args: ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url],
      }),
    }
  }
  const script = join(import.meta.dirname, 'socket-load-main.ts')
  return {
    name: 'socket-load (wrk is not installed: apt-get install wrk)',
    launch: ({ url, connections, seconds }) => ({
      command: process.execPath,
      args: [script, url, String(connections), String(seconds)],
    }),
  }
}
