import {
  EMPTY_BODY,
  HeaderList,
  type HttpRequest,
  type HttpResponse,
  SILENT_LOGGER,
  type SymbolicFlowGraph,
} from 'vane-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createFakeWasm } from '../../test/support/fake-wasm.ts'
import { roomyMemory } from '../../test/support/roomy-memory.ts'
import { answer, graphOf } from '../../test/support/graph-builder.ts'
import { BodyPipe } from '../http1/body-pipe.ts'
import type { ServerExchange } from '../http1/server-codec.ts'
import { link } from '../link/link.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { EngineCounters } from '../observe/engine-counters.ts'
import { FlowLog } from '../observe/flow-log.ts'
import { UpstreamPools } from '../upstream/upstream-pools.ts'
import type { Fetch } from './flow.ts'
import { Walk } from './walk.ts'
import { walkConnection } from './walk-connection.ts'

const CONNECTION = {
  entryKey: 'tcp:127.0.0.1:0',
  peerIp: '127.0.0.1',
  peerPort: 1,
  localIp: '127.0.0.1',
  localPort: 2,
  transport: 'tcp',
  acceptUnixMs: 0,
  id: '0123456789abcdef',
  peerIpBytes: new Uint8Array([127, 0, 0, 1]),
} as unknown as Connection

function createExchange(): ServerExchange & { readonly responses: HttpResponse[]; cuts: number } {
  const request: HttpRequest = {
    method: 'GET',
    scheme: 'http',
    authority: 'a',
    host: 'a',
    target: '/',
    path: '/',
    query: '',
    version: '1.1',
    headers: new HeaderList(['Host', 'a']),
    body: EMPTY_BODY,
  }
  const exchange = {
    request,
    listener: undefined,
    bytesIn: 0,
    bytesOut: 0,
    status: undefined,
    error: undefined,
    responses: [] as HttpResponse[],
    cuts: 0,
    respond: (response: HttpResponse) => void exchange.responses.push(response),
    inform: () => {},
    cut: () => void exchange.cuts++,
  }
  return exchange
}

async function start(
  symbolic: SymbolicFlowGraph,
  options: { wasm?: Parameters<typeof link>[1]['wasm']; fetch?: Fetch; flowLog?: FlowLog } = {},
) {
  const graph = await link(symbolic, { pools: new UpstreamPools(), wasm: options.wasm })
  const { fetch } = options
  if (fetch !== undefined) for (const node of graph.nodes as LinkedNode[]) if (node.kind === 'fetch') node.fetch = fetch
  const exchange = createExchange()
  const context = { logger: SILENT_LOGGER, counters: new EngineCounters(), floor: { hit() {} }, bodies: roomyMemory() }
  const walk = new Walk(
    { graph, connection: CONNECTION, exchange, recorder: options.flowLog?.begin(CONNECTION) },
    context,
  )
  return { graph, exchange, walk, run: () => walk.run(walkConnection(graph, CONNECTION)) }
}

test('starts the fetch before a microtask has run, checks, middleware and a synchronous plugin included', async () => {
  const order: string[] = []
  const wasm = createFakeWasm({
    l7Request: () => {
      order.push('plugin')
      return { tag: 'continue' }
    },
  })
  const symbolic = graphOf(answer('x'), [
    { name: 'forward_client_ip', args: {} },
    { name: 'fake:main', pluginPath: wasm.path },
  ])
  const { run } = await start(symbolic, {
    wasm: wasm.runtime,
    fetch: {
      start: () => {
        order.push('fetch')
        return new Promise(() => {})
      },
    },
  })
  queueMicrotask(() => order.push('microtask'))
  run()
  order.push('returned')
  await Promise.resolve()
  expect(order).toEqual(['plugin', 'fetch', 'returned', 'microtask'])
})

test('answers in the same turn where every node answers in it', async () => {
  const { exchange, run } = await start(graphOf(answer('x')))
  run()
  expect(exchange.responses.map(({ status }) => status)).toEqual([200])
})

test('ends with 500 where an edge leads nowhere', async () => {
  const { exchange, walk } = await start(graphOf(answer('x')))
  walk.run(999)
  expect(exchange.responses.map(({ status }) => status)).toEqual([500])
})

test('does not resume after its client has gone', async () => {
  let resolve: (value: { readonly tag: 'response'; readonly response: HttpResponse }) => void = () => {}
  const canceled: string[] = []
  const { exchange, run } = await start(graphOf(answer('x')), {
    fetch: {
      start: (flow) => {
        flow.onCancel({ cancel: (reason) => void canceled.push(reason.message) })
        return new Promise((done) => (resolve = done))
      },
    },
  })
  run()
  exchange.listener?.onEnd('client-gone')
  expect(canceled).toHaveLength(1)
  let discarded = 0
  const source = { start: () => {}, resume: () => {}, cancel: () => void discarded++ }
  resolve({
    tag: 'response',
    response: { status: 200, headers: new HeaderList(), body: { kind: 'stream', source, length: 1 } },
  })
  await new Promise((done) => setImmediate(done))
  expect(exchange.responses).toEqual([])
  expect(discarded).toBe(1)
})

test('holds its graph until its exchange is over', async () => {
  const wasm = createFakeWasm({ l7Request: () => ({ tag: 'continue' }) })
  const { graph, exchange, run } = await start(graphOf(answer('x'), [{ name: 'fake:main', pluginPath: wasm.path }]), {
    wasm: wasm.runtime,
  })
  run()
  const held: LinkedGraph = graph
  held.dispose()
  held.dispose()
  expect(wasm.released).toBe(0)
  exchange.listener?.onEnd('complete')
  expect(wasm.released).toBe(1)
})

/** A fetch that notes the moments it is handed. */
function noting(moments: (number | undefined)[]): Fetch {
  return {
    start: (_, nowMs) => {
      moments.push(nowMs)
      return undefined
    },
  }
}

test('hands a fetch the last look at the clock, which no wait has outlived', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const moments: (number | undefined)[] = []
  let decide: (decision: { readonly tag: 'continue' }) => void = () => {}
  const wasm = createFakeWasm({ l7Request: () => new Promise((resolve) => (decide = resolve)) })
  const plugin = { name: 'fake:main', pluginPath: wasm.path }
  const builtIn = { name: 'forward_client_ip', args: {} }
  const { run } = await start(graphOf(answer('x'), [plugin, builtIn]), {
    wasm: wasm.runtime,
    fetch: noting(moments),
    flowLog: new FlowLog(),
  })
  run()
  vi.advanceTimersByTime(50)
  decide({ tag: 'continue' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(moments).toEqual([performance.now()])
})

test('hands a fetch no moment that is older than the body it has waited for, and none where nothing is written down', async () => {
  const moments: (number | undefined)[] = []
  const { exchange, graph, run } = await start(graphOf(answer('x')), {
    fetch: noting(moments),
    flowLog: new FlowLog(),
  })
  for (const node of graph.nodes as LinkedNode[]) if (node.kind === 'fetch') node.collect = 'request'
  const pipe = new BodyPipe({ onBodyStart: () => {}, onBodyDrain: () => {}, onBodyCancel: () => {} })
  exchange.request.body = { kind: 'stream', source: pipe, length: undefined }
  run()
  expect(moments).toEqual([])
  pipe.finish(undefined)
  await new Promise((resolve) => setImmediate(resolve))
  expect(moments).toEqual([undefined])

  const unwritten = await start(graphOf(answer('x')), { fetch: noting(moments) })
  unwritten.run()
  expect(moments).toEqual([undefined, undefined])
})
