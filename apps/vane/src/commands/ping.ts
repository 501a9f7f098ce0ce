import { formatDuration } from '../output/format.ts'
import { toCommand, type Command } from './command.ts'

/** `vane ping`. */
export const pingCommand: Command = toCommand({
  name: 'ping',
  verb: 'ping',
  summary: 'whether the daemon answers',
  show: ({ version, pid, uptime_ms: uptimeMs, state }) => [
    { kind: 'text', text: `vaned ${version} answers: ${state} for ${formatDuration(uptimeMs)}, process ${pid}` },
  ],
})
