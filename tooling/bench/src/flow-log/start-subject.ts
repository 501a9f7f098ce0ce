import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createEngine, loadConfig, openFlowFile } from '../../../../packages/vane-engine/src/index.ts'
import { SILENT_LOGGER } from '../../../../packages/vane-core/src/index.ts'
import { findFreePort } from '../process/free-port.ts'
import { SwitchedFlowLog } from './switched-flow-log.ts'

/** An engine in this process, with a flow log that can be switched. */
export interface Subject {
  readonly flowLog: SwitchedFlowLog
  /** Where the rule of the benchmark's `vaned` forwards requests. */
  readonly proxiedUrl: string
  /** Where a rule answers by itself, after two look-ups and a middleware. */
  readonly answeredUrl: string
  /** Requests so far. */
  requests(): number
  close(): Promise<void>
}

/** @param folder of its own, for the configuration and the flow log's file. */
export async function startSubject(folder: string, upstreamPort: number): Promise<Subject> {
  const [proxied, answered] = [await findFreePort(), await findFreePort()]
  await mkdir(join(folder, 'rules'))
  await writeFile(
    join(folder, 'rules/bench.json'),
    JSON.stringify({ rules: createRules({ proxied, answered, upstreamPort }) }),
  )
  const { graph } = await loadConfig(folder)
  if (graph === undefined) throw new Error('rules of the benchmark have no graph')
  const file = await openFlowFile(join(folder, 'flow.ndjson'), SILENT_LOGGER)
  const flowLog = new SwitchedFlowLog(file)
  const engine = createEngine({ flowLog })
  await engine.start(await engine.link(graph))
  return {
    flowLog,
    proxiedUrl: `http://127.0.0.1:${proxied}/`,
    answeredUrl: `http://127.0.0.1:${answered}/api/users/12345/orders?limit=20`,
    requests: () => engine.stats().requests.total,
    async close() {
      await engine.close()
      await file.close()
    },
  }
}

function createRules(ports: { proxied: number; answered: number; upstreamPort: number }): object[] {
  const answer = {
    listen: [`127.0.0.1:${ports.answered}`],
    terminate: { type: 'static', status: 200, body: 'hello\n' },
  }
  const match = [{ 'http.method': { equals: 'GET' } }, { 'http.uri.path': { path_prefix: '/api' } }]
  return [
    {
      name: 'proxied',
      listen: [`127.0.0.1:${ports.proxied}`],
      middleware_chain: [{ use: 'forward_client_ip' }],
      terminate: { type: 'http_proxy', upstream: `127.0.0.1:${ports.upstreamPort}` },
    },
    { name: 'api', match, middleware_chain: [{ use: 'method_match', args: { methods: ['GET'] } }], ...answer },
    { name: 'rest', ...answer },
  ]
}
