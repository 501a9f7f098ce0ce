const RESERVED_PREFIX = 'vane:meter/'

/** Exports that rewriting adds to a core module. They are for the host alone. */
export const METER_EXPORTS: Readonly<
  Record<'fuel' | 'slot' | 'start' | 'memory' | 'map' | 'save' | 'restore' | 'table', string>
> = {
  fuel: `${RESERVED_PREFIX}fuel`,
  slot: `${RESERVED_PREFIX}slot`,
  start: `${RESERVED_PREFIX}start`,
  memory: `${RESERVED_PREFIX}memory`,
  /** A memory that says which parts of `memory` code of this module has written to. */
  map: `${RESERVED_PREFIX}map`,
  save: `${RESERVED_PREFIX}save`,
  restore: `${RESERVED_PREFIX}restore`,
  /** Followed by an index. */
  table: `${RESERVED_PREFIX}table/`,
}

/** Whether a name is one that only the instrumenter may give. */
export function isMeterName(name: string): boolean {
  return name.startsWith(RESERVED_PREFIX)
}
