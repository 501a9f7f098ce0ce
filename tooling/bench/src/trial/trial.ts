import type { ChildGroup } from '../process/child-group.ts'

/** What a trial is given. */
export interface TrialSite {
  /** A folder of the trial's own; empty. */
  readonly folder: string
  /** Programs that end with the trial. */
  readonly children: ChildGroup
  /** How long load is applied. */
  readonly seconds: number
  /** Bytes of each large body. */
  readonly bodyBytes: number
  /** The TypeScript plugin that the load goes through. */
  readonly plugin: string
}

/** Something that is claimed of the daemon, tried on real peers. */
export interface Trial {
  readonly name: string
  /** Programs it cannot do without. */
  readonly needs: readonly string[]
  /**
   * Resolves with what was seen, a line each.
   *
   * @throws Error that says what was expected and what came.
   */
  run(site: TrialSite): Promise<readonly string[]>
}

/** Ends a trial as failed where a condition does not hold. */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}
