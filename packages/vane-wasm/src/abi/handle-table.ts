import { AbiError } from './abi-error.ts'

/** Handles that all component instances of one plugin instance may hold at a time. */
const MAX_HANDLES = 10_000

/** Handles that may still be given out, shared by the tables of one plugin instance. */
export interface HandleBudget {
  left: number
}

/** A budget that nothing has been taken from. */
export function newHandleBudget(): HandleBudget {
  return { left: MAX_HANDLES }
}

interface Entry {
  readonly resource: number
  readonly value: unknown
  readonly isOwn: boolean
}

/** The resources that one component instance has handles of. Handle 0 is never given out. */
export class HandleTable {
  readonly #budget: HandleBudget
  #entries: (Entry | undefined)[] = [undefined]
  #free: number[] = []
  #savedEntries: readonly (Entry | undefined)[] = [undefined]
  #savedFree: readonly number[] = []
  #hasChanged: boolean = false

  constructor(budget: HandleBudget) {
    this.#budget = budget
  }

  /** Gives out a handle that owns `value`: for a host's resource the host's object, for a guest's its number for it. */
  own(resource: number, value: unknown): number {
    return this.#add({ resource, value, isOwn: true })
  }

  /** Gives out a handle that only borrows. */
  borrow(resource: number, value: unknown): number {
    return this.#add({ resource, value, isOwn: false })
  }

  /** Takes an owned value away from its holder. */
  take(handle: number, resource: number): unknown {
    const entry = this.#entry(handle, resource)
    if (!entry.isOwn) throw new AbiError(`handle ${handle} is only borrowed`)
    this.#remove(handle)
    return entry.value
  }

  /** The value behind a handle, which stays its holder's. */
  lend(handle: number, resource: number): unknown {
    return this.#entry(handle, resource).value
  }

  /** Removes a handle; answers what it was. */
  drop(handle: number, resource: number): { readonly value: unknown; readonly isOwn: boolean } {
    const entry = this.#entry(handle, resource)
    this.#remove(handle)
    return entry
  }

  /** Remembers the table as it is. */
  save(): void {
    this.#savedEntries = this.#entries.slice()
    this.#savedFree = this.#free.slice()
    this.#hasChanged = false
  }

  /** Puts the table back to how it was when it was saved; one that never was had no handles. */
  restore(): void {
    if (!this.#hasChanged) return
    this.#hasChanged = false
    this.#budget.left += countOf(this.#entries) - countOf(this.#savedEntries)
    this.#entries = this.#savedEntries.slice()
    this.#free = this.#savedFree.slice()
  }

  #add(entry: Entry): number {
    if (this.#budget.left <= 0) throw new AbiError(`more than ${MAX_HANDLES} resource handles`)
    this.#budget.left--
    this.#hasChanged = true
    const free = this.#free.pop()
    if (free === undefined) return this.#entries.push(entry) - 1
    this.#entries[free] = entry
    return free
  }

  #entry(handle: number, resource: number): Entry {
    const entry = this.#entries[handle]
    if (entry?.resource !== resource) throw new AbiError(`handle ${handle} is none of the resource it is used as`)
    return entry
  }

  #remove(handle: number): void {
    this.#entries[handle] = undefined
    this.#free.push(handle)
    this.#budget.left++
    this.#hasChanged = true
  }
}

function countOf(entries: readonly (Entry | undefined)[]): number {
  return entries.reduce((count, entry) => (entry === undefined ? count : count + 1), 0)
}
