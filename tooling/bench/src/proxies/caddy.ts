import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Proxy } from './proxy.ts'

/** Caddy with one site, no log, no administration, and as many kept upstream connections as there are clients. */
export const caddy: Proxy = {
  name: 'caddy',
  canRoute: false,
  canTls: true,
  canHttp2Upstream: true,
  missing: () => (findProgram('caddy') === undefined ? 'caddy is not installed: apt-get install caddy' : undefined),
  version: () => `caddy ${spawnSync(findProgram('caddy') ?? 'caddy', ['version'], { encoding: 'utf8' }).stdout.trim()}`,
  async prepare({ folder, port, upstreamPort, upstreamVersion, connections, certificate }) {
    const config = join(folder, 'Caddyfile')
    const [scheme, protocols, tls] =
      certificate === undefined
        ? ['http', 'h1', '']
        : ['https', 'h1 h2', `tls ${certificate.certFile} ${certificate.keyFile}`]
    // `compression off`: it would ask the upstream for gzip, on top of what the client asks for.
    await writeFile(
      config,
      `{
  admin off
  auto_https off
  servers {
    protocols ${protocols}
    timeouts {
      idle 300s
    }
  }
}
${scheme}://:${port} {
  bind 127.0.0.1
  ${tls}
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      ${upstreamVersion === '2' ? 'versions h2c 2' : ''}
      compression off
      keepalive 300s
      keepalive_idle_conns ${Math.max(64, connections)}
      keepalive_idle_conns_per_host ${Math.max(64, connections)}
    }
  }
}
`,
    )
    // It starts one thread for Go code per core that it may run on: one.
    return {
      command: findProgram('caddy') ?? 'caddy',
      args: ['run', '--config', config, '--adapter', 'caddyfile'],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    }
  },
}
