import { plural } from '../output/format.ts'
import { UsageError } from '../usage-error.ts'
import { toCommand, type Command } from './command.ts'

/** `vane pool drain`. */
export const poolDrainCommand: Command = toCommand({
  name: 'pool drain',
  verb: 'pool_drain',
  summary: 'close the kept connections of an upstream; --upstream NAME, as get upstreams has it',
  takes: ['upstream'],
  toArgs: ({ upstream }) => {
    if (upstream === undefined) throw new UsageError('pool drain needs --upstream NAME')
    return { upstream }
  },
  show: ({ upstream, closed }) => [
    { kind: 'text', text: `closed ${plural(closed, 'kept connection')} to ${upstream}` },
  ],
})
