import { plural } from './output/format.ts'
import type { StreamItem } from 'vane-mgmt'
import type { StreamCommand } from './commands/command.ts'
import { renderLine } from './output/blocks.ts'
import type { RunSurroundings } from './run-result.ts'

/** Where the lines of a stream go, and how they look. */
export interface FollowOptions extends RunSurroundings {
  readonly json: boolean
}

/** Writes what a stream brings, a line each, until it ends or nobody reads any more. Its reader slows it down. */
export async function followStream(
  command: StreamCommand,
  stream: AsyncGenerator<StreamItem<unknown>, void, undefined>,
  options: FollowOptions,
): Promise<void> {
  for await (const item of stream) {
    const line = toLine(command, item, options)
    if (line !== undefined && !(await options.write(line))) return
  }
}

function toLine(command: StreamCommand, item: StreamItem<unknown>, options: FollowOptions): string | undefined {
  switch (item.kind) {
    case 'data':
      if (options.json) return `${JSON.stringify(item.data)}\n`
      return renderLine(command.show(item.data), { align: options.terminal, color: options.color })
    case 'dropped':
      if (options.json) return `${JSON.stringify({ event: 'dropped', count: item.count })}\n`
      return `${plural(item.count, 'entry was', 'entries were')} dropped: this end reads too slowly\n`
    case 'end':
      return undefined
  }
}
