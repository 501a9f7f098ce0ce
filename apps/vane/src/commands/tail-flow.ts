import type { ConnectionRecord, FlowRecord, RequestRecord } from 'vane-core'
import { openStream, VERBS, type TailFlowArgs } from 'vane-mgmt'
import type { Cell } from '../output/blocks.ts'
import { formatBytes, plural } from '../output/format.ts'
import { UsageError } from '../usage-error.ts'
import type { CommandOptions, StreamCommand } from './command.ts'

/** `vane tail flow`. */
export const tailFlowCommand: StreamCommand = {
  name: 'tail flow',
  summary: 'what happens on connections and requests, as it happens',
  takes: ['last', 'noFollow', 'event', 'connection', 'rule', 'method', 'target', 'status', 'outcome', 'slowerThan'],
  open: (socketPath, options) => openStream(socketPath, { verb: 'tail_flow', args: toArgs(options) }),
  // Shape by contract: the daemon is ours and of the same version family.
  show: (data) => toCells(data as FlowRecord),
}

function toArgs(options: CommandOptions): TailFlowArgs {
  const { connection, event, outcome, rule, method, target, status } = options
  const last = toInteger('last', options.last, 'last')
  const slowerThan = toInteger('slower-than', options.slowerThan, 'min_duration_ms')
  checkText('status', status, 'status')
  checkText('connection', connection, 'connection_id')
  const written = {
    last,
    ...(options.noFollow === true ? { follow: false } : {}),
    event: toWord('event', event),
    connection_id: connection,
    rule,
    method,
    target,
    status,
    outcome: toWord('outcome', outcome),
    min_duration_ms: slowerThan,
  }
  // What was not given is left out.
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as TailFlowArgs
}

function toInteger(option: string, value: string | undefined, argument: string): number | undefined {
  const spec = VERBS.tail_flow.args[argument]
  if (value === undefined || spec?.type !== 'integer') return undefined
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (number >= spec.min && number <= spec.max) return number
  throw new UsageError(`--${option} is a number from ${spec.min} to ${spec.max}, not "${value}"`)
}

function toWord(option: 'event' | 'outcome', value: string | undefined): string | undefined {
  const spec = VERBS.tail_flow.args[option]
  if (value === undefined || spec?.type !== 'word' || spec.words.includes(value)) return value
  throw new UsageError(`--${option} is one of ${spec.words.join(', ')}, not "${value}"`)
}

function checkText(option: string, value: string | undefined, argument: string): void {
  const spec = VERBS.tail_flow.args[argument]
  if (value === undefined || spec?.type !== 'text' || spec.pattern?.test(value) !== false) return
  throw new UsageError(`--${option} is ${spec.form}, not "${value}"`)
}

function toCells(record: FlowRecord): readonly Cell[] {
  // The day is the reader's own, almost always.
  const time = record.time.slice(11, 23)
  switch (record.event) {
    case 'request':
      return [time, ...toRequestCells(record)]
    case 'step': {
      const name = record.name === '' ? record.kind : `${record.kind} ${record.name}`
      return [time, 'step', record.connection_id, `node ${record.node}`, name, record.branch, `${record.micros} µs`]
    }
    default:
      return [time, ...toConnectionCells(record)]
  }
}

function toRequestCells(record: RequestRecord): Cell[] {
  const { status, outcome, error } = record
  const isBad = outcome === 'failed' || (status ?? 0) >= 500
  const tone = isBad ? 'bad' : (status ?? 400) >= 400 ? 'warn' : 'good'
  return [
    { text: String(status ?? '---'), tone },
    record.method,
    record.target,
    record.rule ?? '(no rule)',
    `${record.duration_ms.toFixed(1)} ms`,
    `${formatBytes(record.bytes_in)} in`,
    `${formatBytes(record.bytes_out)} out`,
    record.connection_id,
    ...(outcome === 'response' ? [] : [outcome]),
    ...(error === null ? [] : [{ text: error, tone: 'bad' } as const]),
  ]
}

function toConnectionCells(record: ConnectionRecord): Cell[] {
  const { event, peer, entry, connection_id: id } = record
  const where = [id ?? '', peer === null ? '' : `from ${peer}`, entry === null ? '' : `by ${entry}`]
  return [
    event === 'error' || event === 'security_limit' ? { text: event, tone: 'warn' } : event,
    ...where.filter((text) => text !== ''),
    ...(record.protocol === undefined ? [] : [record.protocol]),
    ...(record.upstream === undefined
      ? record.requests === undefined
        ? []
        : [plural(record.requests, 'request')]
      : [record.rule ?? '(several rules)', `to ${record.upstream}`]),
    ...(record.duration_ms === undefined ? [] : [`${record.duration_ms.toFixed(1)} ms`]),
    ...(record.bytes_in === undefined ? [] : [`${formatBytes(record.bytes_in)} in`]),
    ...(record.bytes_out === undefined ? [] : [`${formatBytes(record.bytes_out)} out`]),
    ...(record.limit === undefined ? [] : [record.limit]),
    ...(record.error === undefined ? [] : [record.error]),
  ]
}
