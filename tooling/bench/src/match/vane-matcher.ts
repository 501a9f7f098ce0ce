import type { Socket } from 'node:net'
import { EMPTY_BODY, HeaderList, type HttpRequest, type Node } from '../../../../packages/vane-core/src/index.ts'
import { compile } from '../../../../packages/vane-engine/src/compile/compile.ts'
import { matchFrom, type MatchSubject } from '../../../../packages/vane-engine/src/executor/match-from.ts'
import { walkConnection } from '../../../../packages/vane-engine/src/executor/walk-connection.ts'
import { link } from '../../../../packages/vane-engine/src/link/link.ts'
import { Connection } from '../../../../packages/vane-engine/src/listen/connection.ts'
import { UpstreamPools } from '../../../../packages/vane-engine/src/upstream/upstream-pools.ts'
import { startClock, type Matcher } from './matcher.ts'
import type { Route, Target } from './route-set.ts'

/** A matcher and what is to be known of the graph it walks. */
export interface VaneMatcher extends Matcher {
  /** Checks, dispatches and their cases, candidates and choices. */
  readonly tests: number
  readonly nodes: number
  /** How many nodes a request's walk visits until its rule is found. */
  stepsOf(target: Target): number
}

/** Rules as an operator would write them, compiled, linked and matched by what the engine itself compiles, links and matches with. */
export async function createVaneMatcher(routes: readonly Route[]): Promise<VaneMatcher> {
  const text = JSON.stringify({ rules: routes.map(toRule) }, null, 2)
  const readClock = startClock()
  const { graph: symbolic, diagnostics } = compile({ files: [{ path: 'rules/bench.json', text }] })
  if (symbolic === undefined) throw new Error(`the rules do not compile: ${diagnostics[0]?.message}`)
  const graph = await link(symbolic, { pools: new UpstreamPools(), wasm: undefined })
  const build = readClock()

  const connection = createConnection()
  const first = walkConnection(graph, connection)
  // A codec makes a request for each target, and leaves it in the nearest cache, as this one always is.
  const request = createRequest()
  const subject: MatchSubject = { connection, request, recorder: undefined }
  return {
    name: 'vane',
    build,
    nodes: symbolic.nodes.length,
    tests: symbolic.nodes.reduce((sum, node) => sum + sizeOf(node), 0),
    find: (target) => {
      request.host = target.host
      request.path = target.path
      return matchFrom(graph, first, subject)
    },
    stepsOf: ({ host, path }) => {
      let steps = 0
      const recorder = { pass: () => void steps++ }
      matchFrom(graph, first, { connection, request: { ...request, host, path }, recorder })
      return steps
    },
    isFound: (answer) => typeof answer === 'number' && symbolic.nodes[answer]!.kind === 'fetch',
  }
}

function toRule({ host, path }: Route, index: number): object {
  return {
    name: `rule-${index}`,
    listen: [':8080'],
    match: [
      ...(host === undefined ? [] : [{ 'http.host': { equals: host } }]),
      ...(path === undefined ? [] : [{ 'http.uri.path': { path_prefix: path } }]),
    ],
    terminate: { type: 'http_proxy', upstream: '127.0.0.1:9000' },
  }
}

function createConnection(): Connection {
  const socket = { remoteAddress: '192.0.2.1', remotePort: 50_000, localAddress: '192.0.2.2', localPort: 8_080 }
  return new Connection(socket as Socket, 'tcp::8080')
}

function createRequest(): HttpRequest & { host: string; path: string } {
  const headers = new HeaderList()
  const target = { authority: '', host: '', target: '/', path: '/', query: '' }
  return { method: 'GET', scheme: 'http', ...target, version: '1.1', headers, body: EMPTY_BODY }
}

function sizeOf(node: Node): number {
  if (node.kind === 'dispatch') return 1 + node.cases.length
  return node.kind === 'check' || node.kind === 'candidate' || node.kind === 'choose' ? 1 : 0
}
