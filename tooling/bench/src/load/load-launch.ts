import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Launch } from '../process/launch.ts'
import type { RequestShape } from '../workload/request-shape.ts'
import { createH2load } from './h2load.ts'
import type { LoadClient } from './load-client.ts'
import { parseLoadResult, type LoadResult } from './load-result.ts'
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
  /** Why it cannot run here and what to install; undefined if it can. */
  readonly missing: string | undefined
  /** @param file path of a file of its own */
  prepare(plan: LoadPlan, file: string): Promise<Launch>
  /**
   * Reads the result of a run.
   *
   * @param output what it printed
   * @param file as it was given to `prepare`
   * @throws if there is none
   */
  read(output: string, file: string): LoadResult
}

/** Chooses what makes a load. */
export function chooseLoadGenerator(client: LoadClient): LoadGenerator {
  switch (client.kind) {
    case 'http1':
      return chooseHttp1Generator()
    case 'http1-tls':
    case 'http2-tls':
      return createH2load(client)
    case 'handshakes':
      return {
        name: 'handshake-load',
        missing: undefined,
        prepare: (plan) => Promise.resolve(launchOwn('handshake-load-main.ts', { ...plan, resumed: client.resumed })),
        read: parseLoadResult,
      }
  }
}

/** Takes wrk if it is installed, else our own generator, which asks more of its core and so finds lower maxima. */
function chooseHttp1Generator(): LoadGenerator {
  const wrk = findProgram('wrk')
  if (wrk !== undefined)
    return {
      name: 'wrk',
      missing: undefined,
      read: parseLoadResult,
      async prepare({ url, request, connections, seconds }, file) {
        await writeFile(file, createWrkScript(request, url))
        return {
          command: wrk,
          args: ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', file, url],
        }
      },
    }
  return {
    name: 'socket-load (wrk is not installed: apt-get install wrk)',
    missing: undefined,
    read: parseLoadResult,
    prepare: (plan) => Promise.resolve(launchOwn('socket-load-main.ts', plan)),
  }
}

/** Launches one of the load generators of this folder, which take their plan as JSON. */
export function launchOwn(file: string, plan: object): Launch {
  return { command: process.execPath, args: [join(import.meta.dirname, file), JSON.stringify(plan)] }
}
