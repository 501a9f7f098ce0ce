import type { GuestMemory } from './guest-memory.ts'
import type { HandleTable } from './handle-table.ts'
import type { Stage } from './stage.ts'

/** Core value types that a component value takes when it is passed flat. */
export type FlatType = 'i32' | 'i64' | 'f32' | 'f64'

/** A core value as JavaScript has it. */
export type FlatValue = number | bigint

/** One side of a crossing: whose memory, whose handles. */
export interface Side {
  readonly guest: GuestMemory
  /** Where values are laid out on their way to the guest. */
  readonly stage: Stage
  readonly handles: HandleTable
  /** Number of the component instance. */
  readonly owner: number
}

/**
 * Moves values of one type across the boundary (Component Model, `CanonicalABI.md`).
 *
 * In JavaScript a record is an object with the field names in camel case, a variant or result `{ tag, val? }`, an enum its
 * case's name, an option the value or `undefined` (an option of an option: `{ tag, val? }`), a list or tuple an array, a
 * `list<u8>` a `Uint8Array`, flags an object of booleans, a 64-bit integer a bigint, and a handle what it stands for.
 */
export interface Codec {
  readonly size: number
  readonly align: number
  readonly flat: readonly FlatType[]
  /** Reads from memory whose bounds have been checked. */
  load(side: Side, pointer: number): unknown
  /** Lays out on the stage, at an address of the stage's. */
  store(side: Side, pointer: number, value: unknown): void
  /** Reads from flat values, beginning at `args[at]`. */
  lift(side: Side, args: readonly FlatValue[], at: number): unknown
  /** Appends flat values; pairs of pointer and length are filled in when what they stand for has been placed. */
  lower(side: Side, value: unknown, out: FlatValue[]): void
}
