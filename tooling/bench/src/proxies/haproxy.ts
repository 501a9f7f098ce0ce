import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Proxy } from './proxy.ts'

/** HAProxy with one thread, no log, and upstream connections that any client's request may use again. */
export const haproxy: Proxy = {
  name: 'haproxy',
  canRoute: true,
  canTls: true,
  canHttp2Upstream: true,
  missing: () =>
    findProgram('haproxy') === undefined ? 'haproxy is not installed: apt-get install haproxy' : undefined,
  version: () =>
    spawnSync(findProgram('haproxy') ?? 'haproxy', ['-v'], { encoding: 'utf8' })
      .stdout.split(' - ')[0]
      ?.trim() ?? '',
  async prepare({ folder, port, upstreamPort, upstreamVersion, connections, routes, certificate }) {
    const config = join(folder, 'haproxy.cfg')
    const map = join(folder, 'routes.map')
    if (routes.length > 0) await writeFile(map, routes.map(({ host, path }) => `${host}${path} upstream\n`).join(''))
    const choice =
      routes.length === 0
        ? 'default_backend upstream'
        : `use_backend upstream if { base,map_beg(${map}) -m found }\n  default_backend none`
    const tls = certificate === undefined ? '' : ` ssl crt ${certificate.pairFile} alpn h2,http/1.1`
    // Without strict-limits it starts even where the system allows fewer than two descriptors for each connection.
    await writeFile(
      config,
      `global
  nbthread 1
  no strict-limits
  maxconn ${connections + 256}
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 60s
  timeout http-keep-alive 300s
frontend clients
  bind 127.0.0.1:${port}${tls}
  ${choice}
backend upstream
  option forwardfor
  http-reuse always
  server one 127.0.0.1:${upstreamPort}${upstreamVersion === '2' ? ' proto h2' : ''}
backend none
  http-request deny deny_status 404
`,
    )
    return { command: findProgram('haproxy') ?? 'haproxy', args: ['-db', '-f', config] }
  },
}
