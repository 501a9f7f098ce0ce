import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Proxy } from './proxy.ts'

/** HAProxy with one thread, no log, and upstream connections that any client's request may use again. */
export const haproxy: Proxy = {
  name: 'haproxy',
  missing: () =>
    findProgram('haproxy') === undefined ? 'haproxy is not installed: apt-get install haproxy' : undefined,
  version: () =>
    spawnSync(findProgram('haproxy') ?? 'haproxy', ['-v'], { encoding: 'utf8' })
      .stdout.split(' - ')[0]
      ?.trim() ?? '',
  async prepare({ folder, port, upstreamPort }) {
    const config = join(folder, 'haproxy.cfg')
    await writeFile(
      config,
      `global
  nbthread 1
  maxconn 1024
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port}
  default_backend upstream
backend upstream
  option forwardfor
  http-reuse always
  server one 127.0.0.1:${upstreamPort}
`,
    )
    return { command: findProgram('haproxy') ?? 'haproxy', args: ['-db', '-f', config] }
  },
}
