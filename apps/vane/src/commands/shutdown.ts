import { VERBS, type ArgSpec, type ShutdownArgs } from 'vane-mgmt'
import { UsageError } from '../usage-error.ts'
import { toCommand, type Command, type CommandOptions } from './command.ts'

/** `vane shutdown`. */
export const shutdownCommand: Command = toCommand({
  name: 'shutdown',
  verb: 'shutdown',
  summary: 'drain and end the daemon; --timeout SECS cuts what is left then, 0 ends at once',
  takes: ['timeout'],
  toArgs: toShutdownArgs,
  show: ({ timeout_secs: seconds }) => [
    {
      kind: 'text',
      text: seconds === 0 ? 'the daemon ends now' : `the daemon drains and ends, after ${seconds} s at the latest`,
    },
  ],
})

const TIMEOUT_SECS = VERBS.shutdown.args['timeout_secs'] as Extract<ArgSpec, { readonly type: 'integer' }>

function toShutdownArgs({ timeout }: CommandOptions): ShutdownArgs {
  if (timeout === undefined) return {}
  const { min, max } = TIMEOUT_SECS
  const seconds = /^\d{1,9}$/.test(timeout) ? Number(timeout) : Number.NaN
  if (!(seconds >= min && seconds <= max))
    throw new UsageError(`--timeout is a number of seconds from ${min} to ${max}, not "${timeout}"`)
  return { timeout_secs: seconds }
}
