import type { ProfileEntry, ProfileSummary } from './summarise-profile.ts'

/** How to print a profile. */
export interface ProfileFormat {
  /** Requests that the busy time was spent on. */
  readonly requests: number
  /** Rows of the tables of files and functions. */
  readonly top: number
}

/** Writes a profile as three tables: who answers for the time, in which files, in which functions. */
export function formatProfile(summary: ProfileSummary, { requests, top }: ProfileFormat): string {
  const { busyMicros, idleMicros, sampleCount } = summary
  const micros = (value: number): string => (requests === 0 ? '-' : (value / requests).toFixed(2)).padStart(8)
  const share = (value: number): string => `${((100 * value) / (busyMicros || 1)).toFixed(1)} %`.padStart(7)
  const table = (title: string, entries: readonly ProfileEntry[]): string =>
    [
      `\n    self  µs/req    total  µs/req  ${title}`,
      ...entries.map(
        ({ name, selfMicros, totalMicros }) =>
          ` ${share(selfMicros)}${micros(selfMicros)}  ${share(totalMicros)}${micros(totalMicros)}  ${name}`,
      ),
    ].join('\n')
  const idleShare = ((100 * idleMicros) / (busyMicros + idleMicros || 1)).toFixed(1)
  return [
    `${sampleCount} samples, ${requests} requests, ${micros(busyMicros).trim()} µs busy per request, ${idleShare} % of the time idle`,
    table('by origin', summary.groups),
    table(`by file, top ${top}`, summary.files.slice(0, top)),
    table(`by function, top ${top}`, summary.functions.slice(0, top)),
  ].join('\n')
}
