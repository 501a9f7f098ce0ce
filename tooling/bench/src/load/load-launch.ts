import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Launch } from '../process/launch.ts'
import type { RequestShape } from '../workload/request-shape.ts'
import { createWrkScript } from './wrk-script.ts'

/** What to send where. */
export interface LoadPlan {
  readonly url: string
  readonly request: RequestShape
  readonly connections: number
  readonly seconds: number
}

/** What sends the next request of a connection when the last one has been answered. */
export interface LoadGenerator {
  readonly name: string
  /** @param script path for a file of its own */
  prepare(plan: LoadPlan, script: string): Promise<Launch>
}

/** Takes wrk if it is installed, else our own generator, which asks more of its core and so finds lower maxima. */
export function chooseLoadGenerator(): LoadGenerator {
  const wrk = findProgram('wrk')
  if (wrk !== undefined)
    return {
      name: 'wrk',
      async prepare({ url, request, connections, seconds }, script) {
        await writeFile(script, createWrkScript(request, url))
        return {
          command: wrk,
          args: ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url],
        }
      },
    }
  return {
    name: 'socket-load (wrk is not installed: apt-get install wrk)',
    prepare: (plan) => Promise.resolve(launchOwn('socket-load-main.ts', plan)),
  }
}

/** Launches one of the load generators of this folder, which take their plan as JSON. */
export function launchOwn(file: string, plan: object): Launch {
  return { command: process.execPath, args: [join(import.meta.dirname, file), JSON.stringify(plan)] }
}
