import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { SourceText, suggest, type Diagnostic } from 'vane-core'
import { readBounded } from './read-bounded.ts'
import {
  orEmpty,
  parseCount,
  parseInteger,
  parseRate,
  parseSwitch,
  parseText,
  parseTimeout,
  parseWord,
  type ParseSetting,
} from './setting-parsers.ts'
import { LOG_LEVELS, type SecurityLimits, type Settings } from './settings.ts'

/** What {@link loadSettings} found. */
export interface LoadedSettings {
  /** `undefined` if and only if a diagnostic is an error. */
  readonly settings: Settings | undefined
  readonly diagnostics: readonly Diagnostic[]
}

interface Variable<T> {
  readonly name: string
  readonly parse: ParseSetting<T>
  readonly fallback: T
}

type Variables<S> = { readonly [K in keyof S]: Variable<S[K]> }

const WEEK_SECS = 7 * 86_400
const DAY_MS = 86_400_000

/** Every variable, by the setting it fills. */
const VARIABLES: Variables<Omit<Settings, 'security'>> = {
  logLevel: { name: 'VANE_LOG_LEVEL', parse: parseWord(LOG_LEVELS), fallback: 'info' },
  stateDir: { name: 'VANE_STATE_DIR', parse: parseText, fallback: undefined },
  wasmDir: { name: 'VANE_WASM_DIR', parse: parseText, fallback: undefined },
  mgmtUnix: { name: 'VANE_MGMT_UNIX', parse: parseText, fallback: undefined },
  mgmtHttpPort: { name: 'VANE_MGMT_HTTP_PORT', parse: orEmpty(parseInteger(1, 65_535)), fallback: 3333 },
  mgmtHttpPublic: { name: 'VANE_MGMT_HTTP_PUBLIC', parse: parseSwitch, fallback: false },
  mgmtHttpToken: { name: 'VANE_MGMT_HTTP_TOKEN', parse: parseText, fallback: undefined },
  drainTimeoutSecs: { name: 'VANE_DRAIN_TIMEOUT_SECS', parse: parseInteger(0, WEEK_SECS), fallback: 30 },
  bindIpv4: { name: 'VANE_BIND_IPV4', parse: parseSwitch, fallback: true },
  bindIpv6: { name: 'VANE_BIND_IPV6', parse: parseSwitch, fallback: true },
  bindMaxAttempts: { name: 'VANE_BIND_MAX_ATTEMPTS', parse: parseInteger(1, 1_000_000), fallback: 10 },
  bindBackoffInitialMs: { name: 'VANE_BIND_BACKOFF_INITIAL_MS', parse: parseInteger(1, DAY_MS), fallback: 100 },
  bindBackoffMaxMs: { name: 'VANE_BIND_BACKOFF_MAX_MS', parse: parseInteger(1, DAY_MS), fallback: 5_000 },
  bootHealthTimeoutSecs: { name: 'VANE_BOOT_HEALTH_TIMEOUT_SECS', parse: parseInteger(1, WEEK_SECS), fallback: 60 },
  flowLogFile: { name: 'VANE_FLOW_LOG_FILE', parse: parseText, fallback: undefined },
  cgiMaxConcurrent: { name: 'VANE_CGI_MAX_CONCURRENT', parse: parseInteger(1, 1_000_000), fallback: 100 },
  threads: { name: 'VANE_THREADS', parse: parseInteger(1, 1_024), fallback: undefined },
  features: { name: 'VANE_FEATURES', parse: (text) => ({ value: text }), fallback: undefined },
  wasmMaxMemoryMb: { name: 'VANE_WASM_MAX_MEMORY_MB', parse: parseInteger(1, 4_096), fallback: 128 },
  wasmMaxInstances: { name: 'VANE_WASM_MAX_INSTANCES', parse: parseInteger(1, 8_192), fallback: 32 },
}

const SECURITY_VARIABLES: Variables<SecurityLimits> = {
  maxHeaderBytes: { name: 'VANE_SEC_MAX_HEADER_BYTES', parse: parseCount(4_096), fallback: 65_536 },
  maxHeadersCount: { name: 'VANE_SEC_MAX_HEADERS_COUNT', parse: parseCount(20), fallback: 100 },
  headerTimeoutMs: { name: 'VANE_SEC_HEADER_TIMEOUT', parse: parseTimeout(5_000), fallback: 30_000 },
  bodyIdleTimeoutMs: { name: 'VANE_SEC_BODY_IDLE_TIMEOUT', parse: parseTimeout(5_000), fallback: 30_000 },
  maxConnPerIp: { name: 'VANE_SEC_MAX_CONN_PER_IP', parse: parseCount(10), fallback: 100 },
  maxHandshakeRatePerIp: { name: 'VANE_SEC_MAX_HANDSHAKE_RATE_PER_IP', parse: parseRate(1), fallback: 10 },
  maxStreamsPerConn: { name: 'VANE_SEC_MAX_STREAMS_PER_CONN', parse: parseCount(10), fallback: 100 },
  maxRequestRatePerConn: { name: 'VANE_SEC_MAX_REQUEST_RATE_PER_CONN', parse: parseRate(100), fallback: 1_000 },
  maxTotalConns: { name: 'VANE_SEC_MAX_TOTAL_CONNS', parse: parseCount(1_024), fallback: 65_536 },
  maxPendingHandshakes: { name: 'VANE_SEC_MAX_PENDING_HANDSHAKES', parse: parseCount(100), fallback: 1_000 },
  exemptLoopback: { name: 'VANE_SEC_EXEMPT_LOOPBACK', parse: parseSwitch, fallback: true },
}

const ENV_FILE = '.env'
const MAX_ENV_BYTES = 1024 * 1024

/**
 * Reads the settings of a configuration directory: its `.env`, over which the process environment wins. Never throws for
 * what is in either; an absent `.env` is an empty one.
 */
export async function loadSettings(
  dir: string,
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<LoadedSettings> {
  const problems: Diagnostic[] = []
  const source = await readEnvFile(dir, problems)
  const fromFile = source === undefined ? {} : parseEnv(source.text)
  const report = (name: string, problem: Omit<Diagnostic, 'span'>): void => {
    const span = source === undefined || processEnv[name] !== undefined ? undefined : spanOf(source, name)
    problems.push({ ...problem, ...(span === undefined ? {} : { span }) })
  }

  const values: Record<string, string | undefined> = { ...fromFile, ...processEnv }
  const settings = {
    ...readVariables(VARIABLES, values, report),
    security: readVariables(SECURITY_VARIABLES, values, report),
  }
  const known = [...Object.values(VARIABLES), ...Object.values(SECURITY_VARIABLES)].map((variable) => variable.name)
  for (const name of Object.keys(values)) {
    if (!name.startsWith('VANE_') || values[name] === undefined || known.includes(name)) continue
    const near = suggest(name, known)
    report(name, {
      severity: 'warning',
      code: 'unknown-variable',
      message: `there is no variable ${name}`,
      ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
    })
  }
  const hasFailed = problems.some((problem) => problem.severity === 'error')
  return { settings: hasFailed ? undefined : settings, diagnostics: problems }
}

function readVariables<S extends object>(
  variables: Variables<S>,
  values: Readonly<Record<string, string | undefined>>,
  report: (name: string, problem: Omit<Diagnostic, 'span'>) => void,
): S {
  const read = Object.entries<Variable<unknown>>(variables).map(([key, variable]) => {
    const text = values[variable.name]
    const parsed = text === undefined ? { value: variable.fallback } : variable.parse(text)
    if ('value' in parsed) return [key, parsed.value]
    const { code, message } = parsed.problem
    report(variable.name, { severity: 'error', code, message: `${variable.name} ${message}` })
    return [key, variable.fallback]
  })
  // Each entry has been read by the variable of its own key.
  return Object.fromEntries(read) as S
}

async function readEnvFile(dir: string, problems: Diagnostic[]): Promise<SourceText | undefined> {
  const read = await readBounded(join(dir, ENV_FILE), { path: ENV_FILE, maxBytes: MAX_ENV_BYTES })
  if ('text' in read) return new SourceText({ path: ENV_FILE, text: read.text })
  if (!read.isAbsent) problems.push(read.problem)
  return undefined
}

/** Where a variable is set in the file; of several lines the last, which is the one that counts. */
function spanOf(source: SourceText, name: string): Diagnostic['span'] {
  let last: { offset: number; length: number } | undefined
  for (const match of source.text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=.*$/gm)) {
    if (match[1] !== name) continue
    const offset = match.index + match[0].indexOf(name)
    last = { offset, length: match[0].length - match[0].indexOf(name) }
  }
  return last === undefined ? undefined : source.span(last.offset, last.length)
}
