import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Launch } from '../process/launch.ts'

/** Bytes in every response. */
export const UPSTREAM_BODY_BYTES = 1024

/** The upstream in front of which all proxies stand: nginx if it is installed, else a socket that answers everything alike. */
export async function createUpstreamLaunch(folder: string, port: number): Promise<{ name: string; launch: Launch }> {
  const nginx = findProgram('nginx')
  if (nginx === undefined) {
    const args = [join(import.meta.dirname, 'socket-upstream-main.ts'), String(port), String(UPSTREAM_BODY_BYTES)]
    return {
      name: 'socket-upstream (nginx is not installed: apt-get install nginx)',
      launch: { command: process.execPath, args },
    }
  }
  const config = join(folder, 'upstream.conf')
  await writeFile(
    config,
    `daemon off;
worker_processes 1;
pid ${folder}/upstream.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port};
    location / { default_type text/plain; return 200 '${'x'.repeat(UPSTREAM_BODY_BYTES)}'; }
  }
}
`,
  )
  return { name: 'nginx', launch: { command: nginx, args: ['-p', folder, '-e', 'stderr', '-c', config] } }
}
