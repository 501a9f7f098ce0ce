import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { SourceText } from '../diagnostics/source-text.ts'
import { checkStem } from '../policy/parse-policies.ts'
import { decodeObject, optional } from '../schema/decode-object.ts'
import { decodeInteger, decodeText, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { propertiesOf } from '../schema/json-node.ts'
import { parseJsonTree } from '../schema/parse-json-tree.ts'
import { ProblemSink } from '../schema/problem-sink.ts'

/** What an operator lets one plugin use; what is absent is the runtime's default. */
export interface WrittenLimits {
  readonly cpuMsPerCall?: number
  readonly memoryMb?: number
  readonly pool?: number
  readonly maxInFlightFetches?: number
  readonly maxMetricSeries?: number
  readonly maxBodyBytes?: number
}

/** What a `limits.json` says. */
export interface ParsedLimits {
  /** By the stem of the plugin's file. Entries with a problem are left out. */
  readonly limits: ReadonlyMap<string, WrittenLimits>
  readonly diagnostics: readonly Diagnostic[]
}

/** Bytes a `limits.json` may have. */
export const MAX_LIMITS_BYTES: number = 1_048_576

/** A key of a plugin's limits. */
export type LimitKey =
  | 'cpu_ms_per_call'
  | 'memory_mb'
  | 'pool'
  | 'max_in_flight_fetches'
  | 'max_metric_series'
  | 'max_body_bytes'

/** The keys of a plugin's limits with their largest values; the smallest is 1. */
export const LIMIT_KEYS: Readonly<Record<LimitKey, { readonly name: keyof WrittenLimits; readonly max: number }>> = {
  cpu_ms_per_call: { name: 'cpuMsPerCall', max: 60_000 },
  memory_mb: { name: 'memoryMb', max: 4_096 },
  pool: { name: 'pool', max: 256 },
  max_in_flight_fetches: { name: 'maxInFlightFetches', max: 10_000 },
  max_metric_series: { name: 'maxMetricSeries', max: 100_000 },
  max_body_bytes: { name: 'maxBodyBytes', max: 67_108_864 },
}

const limitsOf: Decode<WrittenLimits> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  const entries = Object.entries(LIMIT_KEYS).flatMap(([key, { name }]) => {
    const value = decoded[key]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(entries)
}

const fields = decodeObject(
  'the limits of a plugin',
  Object.fromEntries(
    Object.entries(LIMIT_KEYS).map(([key, { max }]) => [key, optional(decodeInteger({ what: key, min: 1, max }))]),
  ),
)

/**
 * Parses the text of a `limits.json`: an object of limits by the stem of the plugin's file. Never throws for what the text
 * holds: every mistake is a diagnostic with its place and JSON path.
 *
 * @param file path for the diagnostics.
 */
export function parsePluginLimits(text: string, file: string): ParsedLimits {
  const sink = new ProblemSink(new SourceText({ path: file, text }))
  const root = parseJsonTree(sink, { maxLength: MAX_LIMITS_BYTES })
  const limits = new Map<string, WrittenLimits>()
  if (root !== undefined && root.type !== 'object') wrongType(root, sink, 'limits by plugin (an object)')
  else if (root !== undefined) {
    for (const { key, name, value } of propertiesOf(root)) {
      if (name === '$schema') {
        decodeText('the address of a schema')(value, sink)
        continue
      }
      const isStem = checkStem(name, key, sink)
      const decoded = limitsOf(value, sink)
      if (isStem && decoded !== undefined) limits.set(name, decoded)
    }
  }
  return { limits, diagnostics: sink.diagnostics }
}
