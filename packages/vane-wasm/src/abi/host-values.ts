import { AbiError } from './abi-error.ts'

// What the host lowers has the type that a component imports or exports it with; these catch a component that lies about it.

/** @throws AbiError for anything else. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  throw new AbiError(`a value that is ${typeof value} where the component expects a number`)
}

/** @throws AbiError for anything else. */
export function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  throw new AbiError(`a value that is ${typeof value} where the component expects a 64-bit integer`)
}

/** @throws AbiError for anything else. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value
  throw new AbiError(`a value that is ${typeof value} where the component expects a string`)
}

/** @throws AbiError for anything else. */
export function toBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new AbiError(`a value that is ${typeof value} where the component expects bytes`)
}

/** @throws AbiError for anything else. */
export function toArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new AbiError(`a value that is ${typeof value} where the component expects a list`)
}

/** @throws AbiError for anything else. */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new AbiError(`a value that is ${typeof value} where the component expects a record or variant`)
}
