import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createEngine, FlowLog, loadConfig } from '../../../../packages/vane-engine/src/index.ts'
import { findFreePort } from '../process/free-port.ts'
import { describeMachine } from '../report/describe-machine.ts'
import { median } from '../report/summarise.ts'

const REQUESTS = 20_000
const ROUNDS = 7

/** What a request is written down by. */
const LOGS = {
  'nobody keeps or listens': () => new FlowLog({ maxEvents: 0 }),
  'the ring, as in the daemon': () => new FlowLog(),
  'the ring and a listener': () => {
    const log = new FlowLog()
    let heard = 0
    log.subscribe(() => heard++)
    return log
  },
} as const

const { cpu, cores, kernel, node } = describeMachine()
console.log(`${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`)
console.log('CPU time of the engine alone for a request that a rule answers itself: the cheapest there is\n')

/** An engine that answers by itself after two look-ups and a middleware. */
async function startEngine(flowLog: FlowLog): Promise<{ measure(): Promise<number>; close(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-bench-'))
  mkdirSync(join(dir, 'rules'))
  const port = await findFreePort()
  const answer = { listen: [`127.0.0.1:${port}`], terminate: { type: 'static', status: 200, body: 'hello\n' } }
  const match = [{ 'http.host': { equals: 'bench.test' } }, { 'http.uri.path': { path_prefix: '/api' } }]
  const rules = [
    { name: 'api', match, middleware_chain: [{ use: 'method_match', args: { methods: ['GET'] } }], ...answer },
    { name: 'rest', ...answer },
  ]
  writeFileSync(join(dir, 'rules', 'bench.json'), JSON.stringify({ rules }))
  const { graph } = await loadConfig(dir)
  rmSync(dir, { recursive: true })
  const engine = createEngine({ flowLog })
  await engine.start(await engine.link(graph!))
  // In a thread of its own, so that its work is not counted.
  const client = new Worker(new URL('./client-main.ts', import.meta.url), { workerData: { port } })
  await once(client, 'online')
  return {
    async measure() {
      const before = process.threadCpuUsage()
      client.postMessage(REQUESTS)
      const [done] = (await once(client, 'message')) as [number]
      const { user, system } = process.threadCpuUsage(before)
      return (user + system) / done
    },
    async close() {
      await client.terminate()
      await engine.close()
    },
  }
}

const engines = await Promise.all(
  Object.entries(LOGS).map(async ([name, create]) => ({
    name,
    engine: await startEngine(create()),
    micros: [] as number[],
  })),
)
// Turn by turn, so that what else the machine does falls on all of them.
for (let round = 0; round <= ROUNDS; round++) {
  for (const { engine, micros } of engines) {
    const each = await engine.measure()
    if (round > 0) micros.push(each)
  }
}
const base = median(engines[0]!.micros)
for (const { name, micros } of engines) {
  const typical = median(micros)
  console.log(
    `${name.padEnd(28)} ${typical.toFixed(2)} µs (${Math.min(...micros).toFixed(2)}), ${(typical / base).toFixed(3)} times the first`,
  )
}
await Promise.all(engines.map(({ engine }) => engine.close()))
