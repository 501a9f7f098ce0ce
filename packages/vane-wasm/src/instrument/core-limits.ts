import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { CoreModule, Limits } from './core-module.ts'

const PAGE_BYTES = 65_536
const MAX_PAGES = 65_536

/** A plugin has one, and toolchains that compose add an empty one or two. Each reserves gigabytes of address space. */
const MAX_MEMORIES = 8
const MAX_TABLES = 64

/** What all core modules of one instance may hold together. */
export interface CoreLimits {
  /** Bytes of linear memory. Only whole pages of 64 KiB count. */
  readonly maxMemoryBytes: number
  /** Elements of tables. */
  readonly maxTableElements: number
}

/** Upper bounds for what one module defines. */
export interface ModuleCaps {
  readonly maxPages: number
  /** Pages that the memory can have that its code works on, be it its own or another module's. */
  readonly maxMappedPages: number
  /** For each of its tables. */
  readonly maxElements: readonly number[]
}

/** A component whose memory begins larger than its limit. */
export class InitialMemoryError extends UnsupportedError {
  override readonly name = 'InitialMemoryError'
  /** Bytes that it begins with. */
  readonly neededBytes: number

  constructor(neededBytes: number, maxBytes: number) {
    super(`an initial memory of ${neededBytes} bytes, more than the limit of ${maxBytes}`)
    this.neededBytes = neededBytes
  }
}

/**
 * Shares the limits among the core modules: each gets what it begins with, and of the rest a part in proportion to that.
 *
 * @param instances number of the module that each core instance is made of.
 * @throws UnsupportedError, InitialMemoryError
 */
export function shareLimits(
  modules: readonly CoreModule[],
  instances: readonly number[],
  { maxMemoryBytes, maxTableElements }: CoreLimits,
): ModuleCaps[] {
  const made = instances.flatMap((number) => modules[number] ?? [])
  const maxPages = Math.min(Math.floor(maxMemoryBytes / PAGE_BYTES), MAX_PAGES)
  const memories = new Shares(
    made.flatMap((module) => module.memory ?? []),
    maxPages,
  )
  if (memories.count > MAX_MEMORIES) throw new UnsupportedError(`more than ${MAX_MEMORIES} memories`)
  if (memories.left < 0) throw new InitialMemoryError(memories.initial * PAGE_BYTES, maxMemoryBytes)
  const tables = new Shares(
    made.flatMap((module) => module.tables),
    maxTableElements,
  )
  if (tables.count > MAX_TABLES) throw new UnsupportedError(`more than ${MAX_TABLES} tables`)
  if (tables.left < 0) {
    throw new UnsupportedError(`tables of ${tables.initial} elements, more than the limit of ${maxTableElements}`)
  }
  return modules.map((module) => ({
    maxPages: module.memory === undefined ? 0 : memories.capOf(module.memory),
    maxMappedPages: module.memory === undefined ? maxPages : memories.capOf(module.memory),
    maxElements: module.tables.map((table) => tables.capOf(table)),
  }))
}

class Shares {
  readonly count: number
  readonly initial: number
  readonly left: number

  constructor(all: readonly Limits[], available: number) {
    this.count = all.length
    this.initial = all.reduce((sum, { min }) => sum + min, 0)
    this.left = available - this.initial
  }

  /** What begins empty gets a little as well: one more than nothing. */
  capOf({ min, max }: Limits): number {
    const share = Math.floor((this.left * (min + 1)) / (this.initial + this.count))
    return Math.min(min + share, max ?? Number.POSITIVE_INFINITY)
  }
}
