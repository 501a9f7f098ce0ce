import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../process/free-port.ts'
import { findProgram } from '../process/find-program.ts'
import { createCpuClock } from '../process/cpu-time.ts'
import { makeTargets, type FullRoute, type Target } from './route-set.ts'

/** What a configuration costs nginx. */
export interface NginxFigures {
  /** `nginx -t`: reading and checking it. */
  readonly testMs: number
  /** From the signal to a worker that runs with it. */
  readonly reloadMs: number
  /** User and system time of one request that is answered at once; `undefined`: wrk is not installed. */
  readonly cpuMicros: number | undefined
}

/** Has nginx read and serve the same routes, a `server` for each host and a `location` for each path. `undefined`: it is not installed. */
export async function measureNginx(routes: readonly FullRoute[]): Promise<NginxFigures | undefined> {
  const program = findProgram('nginx')
  if (program === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'vane-bench-match-'))
  const config = join(folder, 'nginx.conf')
  const args = ['-p', folder, '-e', 'stderr', '-c', config]
  let child: ChildProcess | undefined
  try {
    const port = await findFreePort()
    writeFileSync(config, toConfig(routes, { folder, port }))
    const begin = performance.now()
    const test = spawnSync(program, ['-t', ...args], { encoding: 'utf8' })
    const testMs = performance.now() - begin
    if (test.status !== 0) throw new Error(`nginx refuses the configuration: ${test.stderr}`)

    child = spawn(program, args, { stdio: 'ignore' })
    const { pid } = child
    if (pid === undefined) throw new Error('nginx does not start')
    const before = await workersOf(pid, (workers) => workers.length > 0)
    const signalled = performance.now()
    child.kill('SIGHUP')
    await workersOf(pid, (workers) => workers.some((worker) => !before.includes(worker)))
    const reloadMs = performance.now() - signalled
    return { testMs, reloadMs, cpuMicros: measureCpu(pid, routes, { folder, port }) }
  } finally {
    if (child?.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

const LOAD_SECONDS = 3
const TARGETS = 2_000

/** Has wrk ask for the benchmark's targets, one after the other, and reads what time nginx had for it. */
function measureCpu(pid: number, routes: readonly FullRoute[], { folder, port }: Place): number | undefined {
  const wrk = findProgram('wrk')
  if (wrk === undefined) return undefined
  const script = join(folder, 'targets.lua')
  writeFileSync(script, toScript(makeTargets(routes, TARGETS)))
  const readCpu = createCpuClock()
  const before = readCpu(pid)
  const url = `http://127.0.0.1:${port}/`
  const run = spawnSync(wrk, ['-t1', '-c16', `-d${LOAD_SECONDS}s`, '-s', script, url], { encoding: 'utf8' })
  const requests = Number(/^requests (\d+)$/m.exec(run.stdout)?.[1])
  if (run.status !== 0 || !(requests > 0)) throw new Error(`wrk does not measure nginx: ${run.stderr}`)
  return (readCpu(pid) - before) / requests
}

function toScript(targets: readonly Target[]): string {
  const requests = targets.map(({ host, path }) => `"GET ${path} HTTP/1.1\\r\\nHost: ${host}\\r\\n\\r\\n"`)
  return `local requests = {
${requests.join(',\n')}
}
local at = 0
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary)
  io.write(string.format("requests %d\\n", summary.requests))
end
`
}

const DEADLINE_MS = 60_000

/** The worker processes of a master, as soon as they are as wished. */
async function workersOf(master: number, isWished: (workers: readonly string[]) => boolean): Promise<string[]> {
  for (const end = performance.now() + DEADLINE_MS; performance.now() < end; await sleep(1)) {
    const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean)
    if (isWished(workers)) return workers
  }
  throw new Error(`nginx has no new worker after ${DEADLINE_MS} ms`)
}

/** Where an nginx is. */
interface Place {
  readonly folder: string
  readonly port: number
}

function toConfig(routes: readonly FullRoute[], { folder, port }: Place): string {
  const byHost = Map.groupBy(routes, (route) => route.host)
  const servers = [...byHost].map(([host, own]) => {
    const locations = own.map(({ path }) => `    location ${path} { return 204; }`)
    return `  server {\n    listen 127.0.0.1:${port};\n    server_name ${host};\n${locations.join('\n')}\n  }`
  })
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
  access_log off;
  keepalive_requests 100000000;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
${servers.join('\n')}
}
`
}
