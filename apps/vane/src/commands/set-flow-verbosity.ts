import { FLOW_VERBOSITIES, type FlowVerbosity } from 'vane-core'
import { UsageError } from '../usage-error.ts'
import { toCommand, type Command } from './command.ts'

/** `vane set flow-verbosity`. */
export const setFlowVerbosityCommand: Command = toCommand({
  name: 'set flow-verbosity',
  verb: 'set_flow_verbosity',
  summary: 'how much the flow log holds; --verbosity normal, or debug for every step',
  takes: ['verbosity'],
  toArgs: ({ verbosity }) => ({ verbosity: toVerbosity(verbosity) }),
  show: ({ verbosity }) => [{ kind: 'text', text: `the verbosity of the flow log is ${verbosity}` }],
})

function toVerbosity(text: string | undefined): FlowVerbosity {
  const found = FLOW_VERBOSITIES.find((each) => each === text)
  if (found !== undefined) return found
  throw new UsageError(
    `--verbosity is one of ${FLOW_VERBOSITIES.join(', ')}${text === undefined ? '' : `, not "${text}"`}`,
  )
}
