/** Limits no peer can make the daemon exceed, and no configuration can lower past their floor. */
export interface SecurityLimits {
  readonly maxHeaderBytes: number
  readonly maxHeadersCount: number
  readonly headerTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  readonly maxConnPerIp: number
  /** Per second. */
  readonly maxHandshakeRatePerIp: number
  readonly maxStreamsPerConn: number
  /** Per second; HTTP/2 and later. */
  readonly maxRequestRatePerConn: number
  readonly maxTotalConns: number
  readonly maxPendingHandshakes: number
  /** Of all bodies that are read whole, together. */
  readonly maxBufferedBytes: number
  readonly maxBufferedBytesPerIp: number
  /** Whether loopback and Unix-socket peers are free of the limits per address. */
  readonly exemptLoopback: boolean
}

/** The deploy-time settings: `VANE_*` variables of the process and of `.env`. */
export interface Settings {
  readonly logLevel: LogLevel
  readonly stateDir: string | undefined
  /** Absent: `wasm` in the configuration directory. */
  readonly wasmDir: string | undefined
  readonly mgmtUnix: string | undefined
  /** `undefined` switches the HTTP side of management off. */
  readonly mgmtHttpPort: number | undefined
  readonly mgmtHttpPublic: boolean
  readonly mgmtHttpToken: string | undefined
  readonly drainTimeoutSecs: number
  readonly bindIpv4: boolean
  readonly bindIpv6: boolean
  readonly bindMaxAttempts: number
  readonly bindBackoffInitialMs: number
  readonly bindBackoffMaxMs: number
  readonly bootHealthTimeoutSecs: number
  /** Whether the daemon reloads when files of the configuration change. */
  readonly watch: boolean
  readonly flowLogFile: string | undefined
  /** What the proxy calls itself in `Via`; `undefined`: it is not mentioned. */
  readonly via: string | undefined
  readonly cgiMaxConcurrent: number
  /** `undefined` leaves the choice to the daemon. */
  readonly threads: number | undefined
  /** As written, such as `wasm,-acme`; `undefined` is every feature that is installed. */
  readonly features: string | undefined
  readonly wasmMaxMemoryMb: number
  readonly wasmMaxInstances: number
  readonly security: SecurityLimits
}

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Every {@link LogLevel}, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
