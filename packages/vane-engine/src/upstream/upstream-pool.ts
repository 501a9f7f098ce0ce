import { Agent } from 'node:http'
import type { UpstreamAddress } from 'vane-core'
import { NodeUpstreamExchange } from './node-upstream-exchange.ts'
import type { UpstreamExchange, UpstreamRequest } from './upstream-request.ts'

/** Kept connections nobody uses, per upstream. */
const MAX_IDLE = 32
/** Connections per upstream; further requests wait, bounded by the connect timeout. */
const MAX_CONNECTIONS = 100
/** How long a kept connection may stay unused; below the 60 s after which common servers close theirs. */
const IDLE_TIMEOUT_MS = 45_000

/** Figures of one upstream at one moment. */
export interface UpstreamStats {
  readonly upstream: string
  /** Connections that carry a request. */
  readonly active: number
  /** Connections that are kept for the next one. */
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Requests begun so far. */
  readonly requests: number
  /** Requests that failed so far. */
  readonly failures: number
  /** Requests that were repeated because a kept connection had died. */
  readonly retries: number
}

/** HTTP/1.1 connections to one upstream. */
export class UpstreamPool {
  /** For people: `host:port` or `unix:/path`. */
  readonly name: string
  readonly address: UpstreamAddress
  /** Node's pool of sockets, for the exchanges of this one only. */
  readonly agent: Agent
  requests = 0
  failures = 0
  retries = 0

  constructor(address: UpstreamAddress) {
    this.address = address
    this.name = toUpstreamName(address)
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS,
      maxFreeSockets: MAX_IDLE,
      scheduling: 'lifo',
      timeout: IDLE_TIMEOUT_MS,
    })
  }

  /** Sends a request. */
  exchange(request: UpstreamRequest): UpstreamExchange {
    this.requests++
    return new NodeUpstreamExchange(this, request)
  }

  /** Closes every kept connection: where one has died, its siblings most likely have, too. */
  dropIdle(): void {
    for (const sockets of Object.values(this.agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy()
    }
  }

  stats(): UpstreamStats {
    const { agent, name, requests, failures, retries } = this
    return {
      upstream: name,
      active: count(agent.sockets),
      idle: count(agent.freeSockets),
      waiting: count(agent.requests),
      requests,
      failures,
      retries,
    }
  }

  /** Ends every connection, running requests included. */
  close(): void {
    this.agent.destroy()
  }
}

/** Text form of an upstream's address. */
export function toUpstreamName(address: UpstreamAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

function count(groups: NodeJS.ReadOnlyDict<unknown[]>): number {
  let total = 0
  for (const group of Object.values(groups)) total += group?.length ?? 0
  return total
}
