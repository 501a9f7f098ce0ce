import { basename } from 'node:path'
import type { CgiPoolResult, WasmFetchResult } from 'vane-mgmt'
import type { Block } from '../output/blocks.ts'
import { toCommand, type Command } from './command.ts'

/** `vane get pools`. */
export const getPoolsCommand: Command = toCommand({
  name: 'get pools',
  verb: 'get_pools',
  summary: 'pools of plugin instances and what came of their fetches, places for CGI programs',
  show: ({ wasm, fetches, cgi }) => [
    {
      kind: 'table',
      empty: 'no pools: no rule uses a plugin, or the wasm feature is off',
      columns: ['PLUGIN', 'EXPORT', 'KIND', 'CAPACITY', 'AVAILABLE', 'IN USE', 'ALLOCATIONS', 'FAILURES'],
      rows: wasm.map((pool) => [
        basename(pool.key),
        pool.export,
        pool.kind,
        pool.capacity,
        pool.available,
        pool.in_use,
        pool.total_allocations,
        pool.failures === 0 ? 0 : { text: String(pool.failures), tone: 'bad' },
      ]),
    },
    ...(fetches.length === 0 ? [] : [toFetchBlock(fetches)]),
    ...(cgi === null ? [] : [toCgiBlock(cgi)]),
  ],
})

function toFetchBlock(fetches: readonly WasmFetchResult[]): Block {
  return {
    kind: 'table',
    empty: '',
    columns: ['PLUGIN', 'FETCHING', 'ANSWERED', 'REDIRECTS', 'FAILED', 'WHY'],
    rows: fetches.map(({ key, in_flight: inFlight, ok, redirects, errors, traps }) => {
      const failures = Object.entries({ ...errors, 'outside the contract': traps }).filter(([, count]) => count > 0)
      const failed = failures.reduce((sum, [, count]) => sum + count, 0)
      return [
        basename(key),
        inFlight,
        ok,
        redirects,
        failed === 0 ? 0 : { text: String(failed), tone: 'bad' },
        failures.map(([reason, count]) => `${reason} ${count}`).join(', '),
      ]
    }),
  }
}

function toCgiBlock({ capacity, available, in_use: inUse, total, refused }: CgiPoolResult): Block {
  return {
    kind: 'table',
    empty: '',
    columns: ['CGI', 'CAPACITY', 'AVAILABLE', 'IN USE', 'STARTED', 'REFUSED'],
    rows: [['programs', capacity, available, inUse, total, refused === 0 ? 0 : { text: String(refused), tone: 'bad' }]],
  }
}
