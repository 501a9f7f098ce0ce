import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findFreePort } from '../process/free-port.ts'
import { findProgram } from '../process/find-program.ts'
import { startDaemon } from './daemon.ts'
import { expect, type Trial } from './trial.ts'

const CONNECTIONS = 32
/** Growth of the median between the middle and the last third of the load that still counts as settled. */
const MAX_GROWTH = 1.15
/** Shorter loads end before the heap has found its level. */
const MIN_SECONDS_TO_SETTLE = 20

/** nginx behind, wrk in front, the TypeScript plugin in between, and a reload in the middle. */
export const loadWithReload: Trial = {
  name: 'load with a plugin, reloaded in the middle',
  needs: ['nginx', 'wrk'],
  async run({ folder, children, seconds, plugin }) {
    const upstreamPort = await startNginx(folder, children)
    const rules = (port: number, stamp: string): object => ({
      rules: [
        {
          name: 'trial',
          listen: [`127.0.0.1:${port}`],
          middleware_chain: [
            { use: 'forward_client_ip' },
            { use: 'hello-ts:greet', args: { path: '/hello', greeting: 'hello' } },
            { use: 'hello-ts:stamp', args: { name: 'x-stamp', value: stamp } },
          ],
          terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstreamPort}` },
        },
      ],
    })
    const daemon = await startDaemon({ folder, children, plugins: [plugin], rules: (port) => rules(port, 'before') })
    const stampOf = async (): Promise<string | null> => (await fetch(`${daemon.url}/`)).headers.get('x-stamp')
    expect((await stampOf()) === 'before', 'the plugin did not stamp the response before the load')

    const wrk = await children.start({
      command: findProgram('wrk') ?? 'wrk',
      args: ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', `${daemon.url}/`],
    })
    let isOver = false
    void wrk.ended.then(() => (isOver = true))
    const rss: number[] = []
    let isReloaded = false
    for (let second = 0; !isOver; second++) {
      rss.push(await daemon.rssMiB())
      if (!isReloaded && second >= seconds / 2) {
        isReloaded = true
        await daemon.reload(rules(daemon.port, 'after'))
      }
      await Promise.race([delay(1000), wrk.ended])
    }
    expect((await stampOf()) === 'after', 'the reload in the middle did not take effect')

    const report = wrk.output()
    const requests = Number(/(\d+) requests in/.exec(report)?.[1] ?? 0)
    expect(requests > 0, `wrk made no requests:\n${report}`)
    const failures = /Socket errors:.*|Non-2xx or 3xx responses:.*/.exec(report)?.[0]
    expect(failures === undefined, `requests failed: ${failures}`)
    const third = Math.floor(rss.length / 3)
    const middle = median(rss.slice(third, 2 * third))
    const last = median(rss.slice(2 * third))
    const isSettled = seconds < MIN_SECONDS_TO_SETTLE || last <= middle * MAX_GROWTH
    expect(isSettled, `memory grows: ${middle.toFixed(0)} MiB, then ${last.toFixed(0)} MiB`)
    return [
      `${requests} requests over ${CONNECTIONS} connections in ${seconds} s, none failed, one reload`,
      `resident memory: ${middle.toFixed(0)} MiB in the middle third, ${last.toFixed(0)} MiB in the last`,
      (/99%.*/.exec(report)?.[0] ?? '').trim().replace(/\s+/, ' latency '),
    ]
  },
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

async function startNginx(folder: string, children: Parameters<Trial['run']>[0]['children']): Promise<number> {
  const port = await findFreePort()
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
  server { listen 127.0.0.1:${port}; location / { return 200 "a small body\\n"; } }
}
`,
  )
  await children.start({ command: findProgram('nginx') ?? 'nginx', args: ['-p', folder, '-e', 'stderr', '-c', config] })
  return port
}
