/** Where the command line runs; tests bring their own. */
export interface RunSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Whether standard output is a terminal, and whether it shows colours. */
  readonly terminal: boolean
  readonly color: boolean
  /**
   * Writes to standard output at once, for commands that go on. Resolves when there is room for more.
   *
   * @returns false where nobody reads any more.
   */
  write(text: string): Promise<boolean>
}

/** What to print and how to end: 0, 1 (it failed), 2 (usage), 3 (the daemon cannot be reached). */
export interface RunResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: 0 | 1 | 2 | 3
}
