import {
  ANY_TEXT,
  bytes,
  count,
  integer,
  orEmpty,
  rate,
  SWITCH,
  TEXT,
  timeout,
  TOKEN,
  word,
  type SettingParser,
} from './setting-parsers.ts'
import { LOG_LEVELS, type SecurityLimits, type Settings } from './settings.ts'

/** A setting: its name in the environment, how it is read, what it is where nobody sets it. */
export interface Variable<T> {
  readonly name: string
  readonly parser: SettingParser<T>
  readonly fallback: T
  /** Whether `config.json` must not hold it. */
  readonly isSecret?: boolean
}

/** Every setting of a group, by the property it fills. */
export type Variables<S> = { readonly [K in keyof S]: Variable<S[K]> }

const WEEK_SECS = 7 * 86_400
const DAY_MS = 86_400_000

/** Every setting but those of the security floor. */
export const VARIABLES: Variables<Omit<Settings, 'security'>> = {
  logLevel: { name: 'VANE_LOG_LEVEL', parser: word(LOG_LEVELS), fallback: 'info' },
  stateDir: { name: 'VANE_STATE_DIR', parser: TEXT, fallback: undefined },
  wasmDir: { name: 'VANE_WASM_DIR', parser: TEXT, fallback: undefined },
  mgmtUnix: { name: 'VANE_MGMT_UNIX', parser: TEXT, fallback: undefined },
  mgmtHttpPort: { name: 'VANE_MGMT_HTTP_PORT', parser: orEmpty(integer(1, 65_535)), fallback: 3333 },
  mgmtHttpPublic: { name: 'VANE_MGMT_HTTP_PUBLIC', parser: SWITCH, fallback: false },
  mgmtHttpToken: { name: 'VANE_MGMT_HTTP_TOKEN', parser: TEXT, fallback: undefined, isSecret: true },
  drainTimeoutSecs: { name: 'VANE_DRAIN_TIMEOUT_SECS', parser: integer(0, WEEK_SECS), fallback: 30 },
  bindIpv4: { name: 'VANE_BIND_IPV4', parser: SWITCH, fallback: true },
  bindIpv6: { name: 'VANE_BIND_IPV6', parser: SWITCH, fallback: true },
  bindMaxAttempts: { name: 'VANE_BIND_MAX_ATTEMPTS', parser: integer(1, 1_000_000), fallback: 10 },
  bindBackoffInitialMs: { name: 'VANE_BIND_BACKOFF_INITIAL_MS', parser: integer(1, DAY_MS), fallback: 100 },
  bindBackoffMaxMs: { name: 'VANE_BIND_BACKOFF_MAX_MS', parser: integer(1, DAY_MS), fallback: 5_000 },
  bootHealthTimeoutSecs: { name: 'VANE_BOOT_HEALTH_TIMEOUT_SECS', parser: integer(1, WEEK_SECS), fallback: 60 },
  watch: { name: 'VANE_WATCH', parser: SWITCH, fallback: true },
  flowLogFile: { name: 'VANE_FLOW_LOG_FILE', parser: TEXT, fallback: undefined },
  via: { name: 'VANE_VIA', parser: TOKEN, fallback: undefined },
  cgiMaxConcurrent: { name: 'VANE_CGI_MAX_CONCURRENT', parser: integer(1, 1_000_000), fallback: 100 },
  threads: { name: 'VANE_THREADS', parser: integer(1, 1_024), fallback: undefined },
  features: { name: 'VANE_FEATURES', parser: ANY_TEXT, fallback: undefined },
  wasmMaxMemoryMb: { name: 'VANE_WASM_MAX_MEMORY_MB', parser: integer(1, 4_096), fallback: 128 },
  wasmMaxInstances: { name: 'VANE_WASM_MAX_INSTANCES', parser: integer(1, 8_192), fallback: 32 },
}

/** The security floor. */
export const SECURITY_VARIABLES: Variables<SecurityLimits> = {
  maxHeaderBytes: { name: 'VANE_SEC_MAX_HEADER_BYTES', parser: count(4_096), fallback: 65_536 },
  maxHeadersCount: { name: 'VANE_SEC_MAX_HEADERS_COUNT', parser: count(20), fallback: 100 },
  headerTimeoutMs: { name: 'VANE_SEC_HEADER_TIMEOUT', parser: timeout(5_000), fallback: 30_000 },
  bodyIdleTimeoutMs: { name: 'VANE_SEC_BODY_IDLE_TIMEOUT', parser: timeout(5_000), fallback: 30_000 },
  maxConnPerIp: { name: 'VANE_SEC_MAX_CONN_PER_IP', parser: count(10), fallback: 100 },
  maxHandshakeRatePerIp: { name: 'VANE_SEC_MAX_HANDSHAKE_RATE_PER_IP', parser: rate(1), fallback: 10 },
  maxStreamsPerConn: { name: 'VANE_SEC_MAX_STREAMS_PER_CONN', parser: count(10), fallback: 100 },
  maxRequestRatePerConn: { name: 'VANE_SEC_MAX_REQUEST_RATE_PER_CONN', parser: rate(100), fallback: 1_000 },
  maxTotalConns: { name: 'VANE_SEC_MAX_TOTAL_CONNS', parser: count(1_024), fallback: 65_536 },
  maxPendingHandshakes: { name: 'VANE_SEC_MAX_PENDING_HANDSHAKES', parser: count(100), fallback: 1_000 },
  maxBufferedBytes: { name: 'VANE_SEC_MAX_BUFFERED_BYTES', parser: bytes(16_777_216), fallback: 268_435_456 },
  maxBufferedBytesPerIp: { name: 'VANE_SEC_MAX_BUFFERED_BYTES_PER_IP', parser: bytes(8_388_608), fallback: 67_108_864 },
  exemptLoopback: { name: 'VANE_SEC_EXEMPT_LOOPBACK', parser: SWITCH, fallback: true },
}

const PREFIX = 'VANE_'
const SECURITY_PREFIX = 'VANE_SEC_'

/** The key that stands for a variable in `config.json`; those of the security floor are inside `security`. */
export function configKey({ name }: Pick<Variable<unknown>, 'name'>): string {
  return name.slice(name.startsWith(SECURITY_PREFIX) ? SECURITY_PREFIX.length : PREFIX.length).toLowerCase()
}
