import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Launch } from '../process/launch.ts'
import { UPSTREAM_BODIES } from './upstream-bodies.ts'

/**
 * What the upstream does: `static` answers with a body of a size that the path names, `static-h2c` the same in HTTP/2 by
 * prior knowledge, `sink` takes a body and says so.
 */
export type UpstreamKind = 'static' | 'static-h2c' | 'sink'

/** An upstream that can be started. */
export interface Upstream {
  readonly name: string
  readonly launch: Launch
}

/** Why an upstream cannot run here and what to install; undefined if it can. */
export function missingUpstream(kind: UpstreamKind): string | undefined {
  if (kind !== 'static-h2c' || findProgram('nginx') !== undefined) return undefined
  return 'its upstream is nginx, which is not installed: apt-get install nginx'
}

/** The upstream in front of which all proxies stand: nginx if it is installed, else a socket; for uploads always Node. */
export async function createUpstream(kind: UpstreamKind, folder: string, port: number): Promise<Upstream> {
  // nginx would answer before it has the body, or write the body to disk.
  if (kind === 'sink')
    return { name: 'node:http, which reads the body', launch: launchNode('sink-upstream-main.ts', port) }
  const nginx = findProgram('nginx')
  if (nginx === undefined)
    return {
      name: 'socket-upstream (nginx is not installed: apt-get install nginx)',
      launch: launchNode('socket-upstream-main.ts', port),
    }
  const root = join(folder, 'upstream')
  const config = join(folder, 'upstream.conf')
  await mkdir(root)
  for (const [path, bytes] of UPSTREAM_BODIES) if (path !== '/') await writeFile(join(root, path), 'x'.repeat(bytes))
  await writeFile(config, createConfig({ folder, root, port, isHttp2: kind === 'static-h2c' }))
  return { name: 'nginx', launch: { command: nginx, args: ['-p', folder, '-e', 'stderr', '-c', config] } }
}

function launchNode(file: string, port: number): Launch {
  return { command: process.execPath, args: [join(import.meta.dirname, file), String(port)] }
}

interface ConfigParts {
  readonly folder: string
  readonly root: string
  readonly port: number
  readonly isHttp2: boolean
}

function createConfig({ folder, root, port, isHttp2 }: ConfigParts): string {
  return `daemon off;
worker_processes 1;
pid ${folder}/upstream.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_timeout 300s;
  keepalive_requests 100000000;
  default_type text/plain;
  server {
    listen 127.0.0.1:${port} backlog=4096${isHttp2 ? ' http2' : ''};
    root ${root};
    location / { return 200 '${'x'.repeat(UPSTREAM_BODIES.get('/') ?? 0)}'; }
${[...UPSTREAM_BODIES.keys()]
  .filter((path) => path !== '/')
  .map((path) => `    location = ${path} { }`)
  .join('\n')}
  }
}
`
}
