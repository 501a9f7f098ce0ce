/** How to start a program. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Which core a program runs on; undefined leaves it to the scheduler. */
export type Core = number | undefined

/** Wraps a command so that it and its children run on one core only. */
export function pin(launch: Launch, core: Core): Launch {
  if (core === undefined) return launch
  return { ...launch, command: 'taskset', args: ['-c', String(core), launch.command, ...launch.args] }
}
