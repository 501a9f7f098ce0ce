/** A value of the shape the glue gives to a list of key and value records. */
export interface KeyValue {
  readonly key: string
  readonly value: string
}

/**
 * Takes a lifted value for a list of `{ key, value }`. The glue lifts by the types a component declares, which need not be ours.
 *
 * @returns `undefined` if it is something else.
 */
export function toKeyValues(value: unknown): readonly KeyValue[] | undefined {
  if (!Array.isArray(value)) return undefined
  const isKeyValue = (entry: unknown): entry is KeyValue =>
    typeof entry === 'object' &&
    entry !== null &&
    'key' in entry &&
    'value' in entry &&
    typeof entry.key === 'string' &&
    typeof entry.value === 'string'
  return value.every(isKeyValue) ? value : undefined
}
