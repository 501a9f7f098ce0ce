import { toCommand, type Command } from './command.ts'
import { toUpstreamsBlock } from './upstreams-block.ts'

/** `vane get upstreams`. */
export const getUpstreamsCommand: Command = toCommand({
  name: 'get upstreams',
  verb: 'get_upstreams',
  summary: 'connections to upstreams, and requests on them',
  show: ({ upstreams }) => [toUpstreamsBlock(upstreams)],
})
