import type { StringEncoding } from '../parse/component-binary.ts'
import { AbiError } from './abi-error.ts'
import type { FlatValue } from './codec.ts'
import { placerFor, type Placer, type Realloc } from './placer.ts'
import type { Stage } from './stage.ts'

/** Entries of all lists that one crossing may lift: a list costs the host far more than its bytes. */
const MAX_ELEMENTS = 65_536

/** Bytes that one crossing may lift, however large the guest's memory. */
const MAX_LIFTED_BYTES = 64 * 1024 * 1024
/** A memory smaller than this may lift as much all the same: views of nothing but a few header fields alias harmlessly. */
const MIN_LIFTED_BYTES = 65_536

/** Whether a guest may call its imports: not while it allocates for the host or cleans up after a call. */
export interface LeaveGuard {
  mayLeave: boolean
}

/** What a {@link GuestMemory} is made of. */
export interface GuestMemoryOptions {
  readonly encoding: StringEncoding
  readonly memory: WebAssembly.Memory | undefined
  readonly realloc: Realloc | undefined
  readonly guard: LeaveGuard
}

const EMPTY = new Uint8Array(0)

/**
 * One component instance's linear memory as the canonical ABI sees it. Whatever a guest says of it, be it a pointer or a
 * length, is checked here before it is used.
 */
export class GuestMemory {
  readonly encoding: StringEncoding
  /** The memory as it was at the last {@link refresh}. */
  bytes: Uint8Array = EMPTY
  view: DataView = new DataView(EMPTY.buffer)
  readonly #memory: WebAssembly.Memory | undefined
  readonly #realloc: Realloc | undefined
  readonly #guard: LeaveGuard
  #placer: Placer | undefined
  #elementsLeft: number = 0
  #bytesLeft: number = 0
  #moved: number = 0

  constructor({ encoding, memory, realloc, guard }: GuestMemoryOptions) {
    this.encoding = encoding
    this.#memory = memory
    this.#realloc = realloc
    this.#guard = guard
  }

  /** Looks at the memory again: growing it detaches what was seen before. */
  refresh(): void {
    // A detached array has no length; an empty memory costs a look each time.
    if (this.bytes.length !== 0 || this.#memory === undefined) return
    const { buffer } = this.#memory
    this.bytes = new Uint8Array(buffer)
    this.view = new DataView(buffer)
  }

  /** Begins a crossing: a guest may hand over no more bytes than it has, so that lists cannot alias one another. */
  beginLift(): void {
    this.refresh()
    this.#elementsLeft = MAX_ELEMENTS
    this.#bytesLeft = Math.min(Math.max(this.bytes.length, MIN_LIFTED_BYTES), MAX_LIFTED_BYTES)
  }

  /** Bytes that crossed since this was last asked. */
  takeMoved(): number {
    const moved = this.#moved
    this.#moved = 0
    return moved
  }

  /** Checks a pointer to `size` bytes. */
  at(pointer: number, size: number, align: number): number {
    const start = pointer >>> 0
    if ((start & (align - 1)) !== 0) throw new AbiError(`pointer ${start} is not aligned to ${align}`)
    if (start + size > this.bytes.length) throw new AbiError(`pointer ${start} to ${size} bytes is out of bounds`)
    return start
  }

  /** Checks the place of `length` bytes that are about to be lifted, and charges for them. */
  spanAt(pointer: number, length: number, align: number): number {
    const start = this.at(pointer, length, align)
    this.#bytesLeft -= length
    if (this.#bytesLeft < 0) throw new AbiError('values that exceed the size of the memory they are in')
    this.#moved += length
    return start
  }

  /** Checks the place of a list and charges for it. */
  listAt(pointer: number, count: number, { size, align }: { readonly size: number; readonly align: number }): number {
    this.#elementsLeft -= count
    if (this.#elementsLeft < 0) throw new AbiError(`lists of more than ${MAX_ELEMENTS} entries in all`)
    return this.spanAt(pointer, count * size, align)
  }

  /** Places what is staged, and completes the flat values among which some of it is passed. */
  place(stage: Stage, out: FlatValue[]): void {
    if (stage.isEmpty) return
    if (this.#memory === undefined || (stage.allocates && this.#realloc === undefined)) {
      throw new AbiError('the component has no realloc function to take values with')
    }
    this.#placer ??= placerFor(this.#memory, this.#realloc)
    const range = stage.finish()
    // Left as it is where realloc throws: the instance is not used again.
    this.#guard.mayLeave = false
    const fault = this.#placer(range)
    this.#guard.mayLeave = true
    this.refresh()
    if (fault !== 0) throw new AbiError(whyMisplaced(stage.placeOf(fault)))
    this.#moved += stage.size
    stage.complete(this.bytes, out)
  }

  /** Copies bytes out. */
  liftBytes(pointer: number, length: number): Uint8Array {
    const start = this.spanAt(pointer, length, 1)
    return this.bytes.slice(start, start + length)
  }
}

function whyMisplaced({ pointer, align }: { readonly pointer: number; readonly align: number }): string {
  const isAligned = (pointer & (align - 1)) === 0
  return `realloc answered pointer ${pointer}, ${isAligned ? 'out of bounds' : `not aligned to ${align}`}`
}
