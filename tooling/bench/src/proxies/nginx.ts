import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.ts'
import type { Route } from '../match/route-set.ts'
import type { Proxy, ProxySite, SiteCertificate } from './proxy.ts'

/** nginx with one worker, no access log, and kept connections on both sides. */
export const nginx: Proxy = {
  name: 'nginx',
  canRoute: true,
  canTls: true,
  canHttp2Upstream: false,
  missing: () => (findProgram('nginx') === undefined ? 'nginx is not installed: apt-get install nginx' : undefined),
  // nginx writes its version on standard error.
  version: () => spawnSync(findProgram('nginx') ?? 'nginx', ['-v'], { encoding: 'utf8' }).stderr.trim(),
  async prepare(site) {
    const { folder } = site
    const config = join(folder, 'nginx.conf')
    await writeFile(config, createConfig(site))
    return { command: findProgram('nginx') ?? 'nginx', args: ['-p', folder, '-e', 'stderr', '-c', config] }
  },
}

function createConfig({ folder, port, upstreamPort, connections, routes, certificate }: ProxySite): string {
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections ${2 * connections + 256}; }
http {
  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 100000000;
  client_max_body_size 0;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream backend {
    server 127.0.0.1:${upstreamPort};
    keepalive ${Math.max(64, connections)};
    keepalive_requests 100000000;
  }
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_set_header Host $http_host;
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
${createServers(port, routes, certificate).join('\n')}
}
`
}

/** One server that forwards everything, or one for each host with a location for each of its paths. */
function createServers(port: number, routes: readonly Route[], certificate: SiteCertificate | undefined): string[] {
  const tls =
    certificate === undefined
      ? ''
      : ` ssl http2;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${certificate.certFile};
    ssl_certificate_key ${certificate.keyFile}`
  const listen = `listen 127.0.0.1:${port} backlog=4096${tls};`
  if (routes.length === 0) return [`  server {\n    ${listen}\n    location / { proxy_pass http://backend; }\n  }`]
  return [...Map.groupBy(routes, ({ host }) => host)].map(([host, own], index) => {
    const locations = own.map(({ path }) => `    location ${path} { proxy_pass http://backend; }`)
    // The options of a socket may be given once only.
    const ownListen = index === 0 ? listen : `listen 127.0.0.1:${port};`
    locations.push('    location / { return 404; }')
    return `  server {\n    ${ownListen}\n    server_name ${host};\n${locations.join('\n')}\n  }`
  })
}
