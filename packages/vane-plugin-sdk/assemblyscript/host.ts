// The host's functions. `http-fetch` is not among them: a plugin that needs it is better written in TypeScript.
import { stringAt } from "./lift"
import { allocate, storeHeaders } from "./lower"
import { Header } from "./types"

export enum Level {
  Trace,
  Debug,
  Info,
  Warn,
  Error,
}

// @ts-ignore: decorator
@external("vane:host/host@0.1.0", "get-args")
declare function hostGetArgs(result: usize): void
// @ts-ignore: decorator
@external("vane:host/host@0.1.0", "log")
declare function hostLog(level: i32, message: usize, messageLength: i32, fields: usize, fieldsLength: i32): void
// @ts-ignore: decorator
@external("vane:host/host@0.1.0", "now-unix-ms")
declare function hostNowUnixMs(): u64
// @ts-ignore: decorator
@external("vane:host/host@0.1.0", "metric-counter")
declare function hostMetricCounter(name: usize, nameLength: i32, delta: u64, labels: usize, labelsLength: i32): void

/** The `args` of the rule that called the plugin, as JSON. */
export function getArgs(): string {
  const result = allocate(8)
  hostGetArgs(result)
  return stringAt(result)
}

/** Writes a line to Vane's log. */
export function log(level: Level, message: string, fields: Header[] = []): void {
  const text = String.UTF8.encode(message)
  const list = allocate(8)
  storeHeaders(list, fields)
  hostLog(level, changetype<usize>(text), text.byteLength, load<usize>(list), fields.length)
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function nowUnixMs(): u64 {
  return hostNowUnixMs()
}

/** Adds to the counter `vane_plugin_<name>`. */
export function counter(name: string, delta: u64 = 1, labels: Header[] = []): void {
  const text = String.UTF8.encode(name)
  const list = allocate(8)
  storeHeaders(list, labels)
  hostMetricCounter(changetype<usize>(text), text.byteLength, delta, load<usize>(list), labels.length)
}
