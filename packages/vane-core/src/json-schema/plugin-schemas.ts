import { LIMIT_KEYS, type LimitKey } from '../limits/parse-limits.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY } from '../policy/http-policy.ts'
import {
  closedObject,
  described,
  flag,
  integer,
  listOf,
  published,
  SCHEMA_KEY,
  text,
  type JsonSchema,
} from './json-schema.ts'

const MAX_U32 = 4_294_967_295
const DEFAULTS = DEFAULT_PLUGIN_HTTP_POLICY

/** Names of `.wasm` files without their ending. */
function byStem(description: string, entry: JsonSchema): JsonSchema {
  return {
    type: 'object',
    description,
    properties: { $schema: SCHEMA_KEY },
    propertyNames: { pattern: '^(?![\\s\\S]*\\.[Ww][Aa][Ss][Mm]$)[^/\\\\\\u0000]+$' },
    additionalProperties: entry,
  }
}

const LIMIT_HELP: Readonly<Record<LimitKey, readonly [help: string, absent: number]>> = {
  cpu_ms_per_call: ['milliseconds of CPU for each call', 10],
  memory_mb: ['MiB of memory of each instance', 1],
  pool: ['instances of a stateful export, for each call site', 4],
  max_in_flight_fetches: ['calls that may wait for HTTP at once', 1],
  max_metric_series: ['series of the plugin’s metrics', 1_000],
  max_body_bytes: [
    'bytes of a body that the plugin is shown; where absent, an l4-bytes export is shown 65536',
    1_048_576,
  ],
}

/** The schema of `wasm/limits.json`. */
export const LIMITS_SCHEMA: JsonSchema = published('limits', 'Limits of Vane plugins', {
  ...byStem(
    'what each plugin may use, by its file name without .wasm',
    closedObject(
      'limits of one plugin',
      Object.fromEntries(
        Object.entries(LIMIT_KEYS).map(([key, { max }]) => {
          const [help, absent] = LIMIT_HELP[key as LimitKey]
          return [key, described(integer('', 1, max), help, absent)]
        }),
      ),
    ),
  ),
})

/** The schema of `wasm/policy.json`. */
export const POLICY_SCHEMA: JsonSchema = published('policy', 'Network policy of Vane plugins', {
  ...byStem(
    'what each plugin may reach over HTTP, by its file name without .wasm',
    closedObject('policy of one plugin; without one it reaches nothing', {
      allow_insecure: flag('honour a call’s wish to skip the certificate check', DEFAULTS.allowInsecure),
      allowed_hosts: {
        ...listOf(
          'hosts that may be reached',
          text('a host name, "*.example.com", "*" or an IP address, each with an optional port', '^[^\\s/@?#\\\\]+$'),
        ),
        default: [],
      },
      max_body_size: described(integer('', 0, MAX_U32), 'bytes of a request and of a response', DEFAULTS.maxBodySize),
      default_timeout_ms: described(integer('', 0, MAX_U32), 'for calls that bring none', DEFAULTS.defaultTimeoutMs),
      default_follow_redirects: described(
        integer('', 0, MAX_U32),
        'redirects followed by calls that do not say; 0: none',
        DEFAULTS.defaultFollowRedirects,
      ),
      allow_private_addresses: flag(
        'whether allowed names may lead to addresses that are not public',
        DEFAULTS.allowPrivateAddresses,
      ),
    }),
  ),
})
