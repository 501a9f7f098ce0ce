import type { Block } from '../output/blocks.ts'
import { toCommand, type Command } from './command.ts'

/** `vane reload`. */
export const reloadCommand: Command = toCommand({
  name: 'reload',
  verb: 'reload',
  summary: 'read the configuration again and swap it in',
  show: ({ status, version_hash: hash, duration_ms: durationMs, warnings }): readonly Block[] => [
    ...warnings.map((text): Block => ({ kind: 'text', text })),
    {
      kind: 'text',
      text:
        status === 'unchanged'
          ? `nothing changed: the rules are those already served (${hash.slice(0, 12)})`
          : `reloaded in ${durationMs} ms: now serving ${hash.slice(0, 12)}`,
    },
  ],
})
