import { setImmediate as nextTurn } from 'node:timers/promises'
import type { L7RequestInput } from '../../../../packages/vane-core/src/index.ts'
import type { ComponentEntry } from '../../../../packages/vane-wasm/src/component/component-loader.ts'
import { PluginInstance } from '../../../../packages/vane-wasm/src/instance/plugin-instance.ts'
import { InstanceBudget } from '../../../../packages/vane-wasm/src/pool/instance-budget.ts'
import { StatefulPool } from '../../../../packages/vane-wasm/src/pool/stateful-pool.ts'
import { median } from '../report/summarise.ts'

/** Times of one thing that is done to an instance, in microseconds by the wall. */
export interface InstanceFigures {
  readonly what: string
  readonly medianMicros: number
  readonly p99Micros: number
  readonly minMicros: number
}

const LAST_MS = 700

/** Times a fresh instance, a call followed by a reset, the reset alone, and taking an instance from a pool and giving it back. */
export async function measureInstances(
  { component, codecs, host }: ComponentEntry,
  exportName: string,
  input: L7RequestInput,
): Promise<InstanceFigures[]> {
  const options = {
    component,
    codecs,
    host,
    exportName,
    kind: 'l7-request',
    argsJson: '{}',
    cpuMsPerCall: 1000,
    experience: { hasGrown: false },
  } as const
  const create = (): PluginInstance => new PluginInstance({ ...options, isStateless: true })
  let instance = create()
  /** Answers a promise where the plugin may wait for the host. */
  const call = (): Promise<void> | undefined => {
    const answer = instance.enter({ input, options: undefined })
    if (answer instanceof Promise) return answer.then(() => instance.leave())
    instance.leave()
    return undefined
  }
  await call()
  // A first allocation that made the memory grow is known from now on, and done beforehand.
  if (!instance.reset()) instance = create()
  const fresh = await times(create)
  const reset = await times(() => instance.reset(), call)
  const callAndReset = await times(() => {
    const running = call()
    if (running !== undefined) return running.then(() => instance.reset())
    return instance.reset()
  })
  const pool = new StatefulPool({
    module: component.shape.moduleId,
    exportName,
    create,
    budget: new InstanceBudget({ maxStateless: 1, maxTotal: 4 }),
    size: 2,
  })
  await pool.warm()
  const checkout = await times(() => pool.giveBack(pool.acquire()))
  pool.close()
  return [
    { what: 'fresh instance', ...fresh },
    { what: 'call and reset', ...callAndReset },
    { what: 'reset', ...reset },
    { what: 'pool, out and back', ...checkout },
  ]
}

async function times(
  work: () => unknown,
  before: () => Promise<void> | undefined = () => undefined,
): Promise<Omit<InstanceFigures, 'what'>> {
  const micros: number[] = []
  const untilMs = performance.now() + LAST_MS
  while (performance.now() < untilMs) {
    for (let n = 0; n < 50; n++) {
      const prepared = before()
      if (prepared !== undefined) await prepared
      const start = process.hrtime.bigint()
      const running = work()
      if (running instanceof Promise) await running
      micros.push(Number(process.hrtime.bigint() - start) / 1000)
    }
    // Address space that is reserved is given back by the collector, which needs a turn for it.
    await nextTurn()
  }
  const sorted = micros.slice(Math.floor(micros.length / 5)).toSorted((a, b) => a - b)
  return {
    medianMicros: median(sorted),
    p99Micros: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    minMicros: sorted[0] ?? Number.NaN,
  }
}
