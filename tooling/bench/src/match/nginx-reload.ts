import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../process/free-port.ts'
import { findProgram } from '../process/find-program.ts'
import type { FullRoute } from './route-set.ts'

/** What a configuration costs nginx. */
export interface NginxFigures {
  /** `nginx -t`: reading and checking it. */
  readonly testMs: number
  /** From the signal to a worker that runs with it. */
  readonly reloadMs: number
}

/** Has nginx read the same routes, a `server` for each host and a `location` for each path. `undefined`: it is not installed. */
export async function measureNginx(routes: readonly FullRoute[]): Promise<NginxFigures | undefined> {
  const program = findProgram('nginx')
  if (program === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'vane-bench-match-'))
  const config = join(folder, 'nginx.conf')
  const args = ['-p', folder, '-e', 'stderr', '-c', config]
  let child: ChildProcess | undefined
  try {
    writeFileSync(config, toConfig(routes, { folder, port: await findFreePort() }))
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
    return { testMs, reloadMs: performance.now() - signalled }
  } finally {
    if (child?.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
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

function toConfig(routes: readonly FullRoute[], { folder, port }: { folder: string; port: number }): string {
  const byHost = Map.groupBy(routes, (route) => route.host)
  const servers = [...byHost].map(([host, own]) => {
    const locations = own.map(({ path }) => `    location ${path} { proxy_pass http://backend; }`)
    return `  server {\n    listen 127.0.0.1:${port};\n    server_name ${host};\n${locations.join('\n')}\n  }`
  })
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
  access_log off;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream backend { server 127.0.0.1:9; }
${servers.join('\n')}
}
`
}
