import { basename } from 'node:path'
import type { CgiPoolResult } from 'vane-mgmt'
import type { Block } from '../output/blocks.ts'
import { toCommand, type Command } from './command.ts'

/** `vane get pools`. */
export const getPoolsCommand: Command = toCommand({
  name: 'get pools',
  verb: 'get_pools',
  summary: 'pools of plugin instances, places for CGI programs',
  show: ({ wasm, cgi }) => [
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
    ...(cgi === null ? [] : [toCgiBlock(cgi)]),
  ],
})

function toCgiBlock({ capacity, available, in_use: inUse, total, refused }: CgiPoolResult): Block {
  return {
    kind: 'table',
    empty: '',
    columns: ['CGI', 'CAPACITY', 'AVAILABLE', 'IN USE', 'STARTED', 'REFUSED'],
    rows: [['programs', capacity, available, inUse, total, refused === 0 ? 0 : { text: String(refused), tone: 'bad' }]],
  }
}
