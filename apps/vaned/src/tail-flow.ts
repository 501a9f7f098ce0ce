import { type FlowEvent, toFlowRecord, type FlowRecord } from 'vane-core'
import type { FlowLog } from 'vane-engine'
import type { TailFlowArgs, VerbStream } from 'vane-mgmt'

/** Answers `tail_flow`: what is remembered, as far as it is asked for, and then what happens. */
export function tailFlow(flowLog: FlowLog, args: TailFlowArgs, stream: VerbStream<FlowRecord>): void {
  const isAskedFor = createFilter(args)
  // All in one turn, so that nothing happens between the last remembered entry and the first new one.
  const { last = 0, follow = true } = args
  if (last > 0) for (const event of flowLog.recent().filter(isAskedFor).slice(-last)) stream.send(toFlowRecord(event))
  if (!follow) {
    stream.end('complete')
    return
  }
  const unsubscribe = flowLog.subscribe((event) => {
    if (isAskedFor(event)) stream.send(toFlowRecord(event))
  })
  if (stream.signal.aborted) unsubscribe()
  else stream.signal.addEventListener('abort', unsubscribe, { once: true })
}

/** Makes the test of a tail's arguments. Entries that lack what is asked for do not fit. */
export function createFilter(args: TailFlowArgs): (event: FlowEvent) => boolean {
  const { method, target, status, outcome, min_duration_ms: minDurationMs } = args
  const isAboutRequests = [method, target, status, outcome, minDurationMs].some((value) => value !== undefined)
  return (event) => {
    if (args.event !== undefined && event.event !== args.event) return false
    if (event.event === 'request') {
      const { trajectory } = event
      return (
        (args.connection_id === undefined || trajectory.connectionId === args.connection_id) &&
        (args.rule === undefined || trajectory.rule === args.rule) &&
        (method === undefined || trajectory.method === method) &&
        (target === undefined || trajectory.target.startsWith(target)) &&
        (status === undefined || isStatus(trajectory.status, status)) &&
        (outcome === undefined || trajectory.outcome === outcome) &&
        (minDurationMs === undefined || trajectory.durationMs >= minDurationMs)
      )
    }
    if (isAboutRequests) return false
    if (args.connection_id !== undefined && event.connectionId !== args.connection_id) return false
    return args.rule === undefined || ruleOf(event) === args.rule
  }
}

function ruleOf(event: Exclude<FlowEvent, { event: 'request' }>): string | null | undefined {
  if (event.event === 'step') return event.rule
  return event.event === 'terminate' ? event.forwarded?.rule : undefined
}

/** @param asked such as `404` or `4xx`. */
function isStatus(status: number | undefined, asked: string): boolean {
  if (status === undefined) return false
  return asked.endsWith('xx') ? Math.trunc(status / 100) === Number(asked[0]) : status === Number(asked)
}
