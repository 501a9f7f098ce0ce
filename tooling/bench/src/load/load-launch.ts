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

/** A load generator that sends the next request of a connection when the last one has been answered. */
export interface LoadGenerator {
  readonly name: string
  /** @param folder for files of its own, which the next launch may overwrite */
  prepare(plan: LoadPlan, folder: string): Promise<Launch>
}

/** Takes wrk if it is installed, else our own generator, which asks more of its core and so finds lower maxima. */
export function chooseLoadGenerator(): LoadGenerator {
  const wrk = findProgram('wrk')
  if (wrk !== undefined)
    return {
      name: 'wrk',
      async prepare({ url, request, connections, seconds }, folder) {
        const script = join(folder, 'wrk.lua')
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
