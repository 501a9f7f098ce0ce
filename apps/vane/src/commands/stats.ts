import type { FlowLogResult, ListenerResult, ReloadStats, StatsResult } from 'vane-mgmt'
import type { Block, Cell } from '../output/blocks.ts'
import { formatBytes, formatDuration, plural } from '../output/format.ts'
import { toUpstreamsBlock } from './upstreams-block.ts'
import { toCommand, type Command } from './command.ts'

/** `vane stats`. */
export const statsCommand: Command = toCommand({
  name: 'stats',
  verb: 'stats',
  summary: 'listeners, connections, requests, errors, upstreams, reloads',
  show: (stats): readonly Block[] => [
    { kind: 'fields', fields: toFields(stats) },
    {
      kind: 'table',
      empty: 'no listeners',
      columns: ['LISTENER', 'STATE', 'BOUND TO', 'ERROR'],
      rows: stats.listeners.map(({ key, state, addresses, error }) => [
        key,
        { text: state, tone: LISTENER_TONES[state] },
        addresses.join(', '),
        error ?? '',
      ]),
    },
    toUpstreamsBlock(stats.upstreams),
  ],
})

const LISTENER_TONES: Readonly<Record<ListenerResult['state'], 'good' | 'warn' | 'bad'>> = {
  listening: 'good',
  retrying: 'warn',
  draining: 'warn',
  failed: 'bad',
}

function toFields(stats: StatsResult): (readonly [label: string, value: Cell])[] {
  const { connections, requests, bytes, config } = stats
  return [
    ['version', stats.version],
    ['state', { text: stats.state, tone: stats.state === 'serving' ? 'good' : 'warn' }],
    ['process', stats.pid],
    ['up for', formatDuration(stats.uptime_ms)],
    ['configuration', `${config.dir} (${config.version_hash.slice(0, 12)})`],
    ['features', stats.features.map(({ name, on, reason }) => (on ? name : `${name} off: ${reason ?? ''}`)).join('; ')],
    ['connections', `${connections.active} open, ${connections.total} in all`],
    [
      'requests',
      `${requests.active} in flight, ${requests.tunnels} open as tunnels, ${requests.total} in all, ${requests.canceled} given up by their client`,
    ],
    ['responses', joinCounts(requests.by_status) || 'none yet'],
    ['bytes', `${formatBytes(bytes.in)} in, ${formatBytes(bytes.out)} out`],
    ['errors', toErrorCell(stats.errors)],
    ['limit hits', joinCounts(stats.limit_hits) || 'none'],
    ['body memory', formatBytes(stats.buffered_bytes)],
    ['flow log', toFlowLogCell(stats.flow_log)],
    ['reloads', toReloadCell(stats.reloads)],
  ]
}

function toErrorCell(errors: Readonly<Record<string, number>>): Cell {
  const text = joinCounts(errors)
  return text === '' ? 'none' : { text, tone: 'bad' }
}

function toFlowLogCell({ entries, verbosity, file }: FlowLogResult): Cell {
  const text = `${plural(entries, 'entry', 'entries')}${verbosity === 'debug' ? ', every step among them' : ''}`
  if (file === null) return text
  const withFile = `${text}; ${file.written} written to ${file.path}`
  return file.dropped === 0 ? withFile : { text: `${withFile}, ${file.dropped} dropped`, tone: 'bad' }
}

function toReloadCell({ last, swapped, unchanged, failed }: ReloadStats): Cell {
  if (last === null) return 'none yet'
  const counts = `${swapped} swapped, ${unchanged} unchanged, ${failed} failed`
  const text = `${counts}; the last, at ${last.at} by ${last.cause}: ${last.status}`
  return last.error === null ? text : { text: `${text}: ${last.error}`, tone: 'bad' }
}

function joinCounts(counts: Readonly<Record<string, number>>): string {
  const seen = Object.entries(counts).filter(([, count]) => count > 0)
  return seen.map(([name, count]) => `${name} ${count}`).join(', ')
}
