import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Proxy } from './proxy.ts'

/** nginx with one worker, no access log, and kept connections on both sides. */
export const nginx: Proxy = {
  name: 'nginx',
  missing: () => (findProgram('nginx') === undefined ? 'nginx is not installed: apt-get install nginx' : undefined),
  // nginx writes its version on standard error.
  version: () => spawnSync(findProgram('nginx') ?? 'nginx', ['-v'], { encoding: 'utf8' }).stderr.trim(),
  async prepare({ folder, port, upstreamPort, keepAlive }) {
    const config = join(folder, 'nginx.conf')
    await writeFile(
      config,
      `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  upstream backend {
    server 127.0.0.1:${upstreamPort};
    keepalive ${keepAlive};
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`,
    )
    return { command: findProgram('nginx') ?? 'nginx', args: ['-p', folder, '-e', 'stderr', '-c', config] }
  },
}
