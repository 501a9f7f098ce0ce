/** A record of the contract's with a `key` and a `value`: a field of a log line, a label of a metric. */
export interface KeyValue {
  readonly key: string
  readonly value: string
}
