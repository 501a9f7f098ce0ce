import { randomBytes } from 'node:crypto'

import { NetError, type PluginCallOptions } from 'vane-core'

import { createWasi } from '../component/wasi/wasi.ts'
import type { ComponentPlan } from '../component/loaded-component.ts'
import { HostTrap } from './host-trap.ts'
import { OutputLines } from './output-lines.ts'
import { toKeyValues, type KeyValue } from './plain-values.ts'
import type { PluginHost } from './plugin-host.ts'
import { PLUGIN_LOG_LEVELS, type PluginLogLevel } from './plugin-log.ts'

/** Whose host functions these are. */
export interface InstanceHostOptions {
  readonly plan: ComponentPlan
  readonly host: PluginHost
  /** Unknown while metadata are asked for. */
  readonly version: string | undefined
  readonly exportName: string | undefined
  /** Answer of `get-args`. */
  readonly argsJson: string
}

const MAX_RANDOM_BYTES = 65_536
const NO_OPTIONS: PluginCallOptions = {}

/** The host functions of one instance, and what they must know of the call that is running in it. */
export class InstanceHost {
  /** What the component links against, by interface without version. */
  readonly imports: Readonly<Record<string, unknown>>
  readonly #options: InstanceHostOptions
  readonly #stdout: OutputLines = new OutputLines((line) => this.#log('info', line, []))
  readonly #stderr: OutputLines = new OutputLines((line) => this.#log('warn', line, []))
  #call: PluginCallOptions = NO_OPTIONS
  #trapReason: string | undefined

  constructor(options: InstanceHostOptions) {
    this.#options = options
    this.imports = {
      ...createWasi(options.plan.wasi, {
        writeOutput: (stream, bytes) => (stream === 'stdout' ? this.#stdout : this.#stderr).write(bytes),
        trap: (reason) => this.#trap(reason),
      }),
      'vane:host/host': this.#createHostFunctions(),
    }
  }

  /** Reason of a trap that a host function raised. It stands even if the plugin caught the exception and answered normally. */
  get trapReason(): string | undefined {
    return this.#trapReason
  }

  beginCall(options: PluginCallOptions = NO_OPTIONS): void {
    this.#call = options
  }

  endCall(): void {
    this.#stdout.flush()
    this.#stderr.flush()
    this.#call = NO_OPTIONS
  }

  #createHostFunctions(): Readonly<Record<string, unknown>> {
    const { argsJson, exportName, host } = this.#options
    return {
      getArgs: () => argsJson,
      nowUnixMs: () => BigInt(Date.now()),
      log: (level: unknown, message: unknown, fields: unknown) => {
        const known = PLUGIN_LOG_LEVELS.find((candidate) => candidate === level)
        const pairs = toKeyValues(fields)
        if (known === undefined || typeof message !== 'string' || pairs === undefined)
          this.#trap('log was given something else than its types')
        this.#log(known, message, pairs)
      },
      random: (length: unknown) => {
        if (typeof length !== 'number') this.#trap('random was given something else than its types')
        if (length > MAX_RANDOM_BYTES)
          this.#trap(`asked for ${length} random bytes at once, more than the limit of ${MAX_RANDOM_BYTES}`)
        return new Uint8Array(randomBytes(length))
      },
      metricCounter: (name: unknown, delta: unknown, labels: unknown) =>
        this.#report('counter', { name, value: delta, labels }),
      metricGauge: (name: unknown, value: unknown, labels: unknown) => this.#report('gauge', { name, value, labels }),
      httpFetch: async (request: unknown) => {
        if (exportName === undefined) this.#trap('http-fetch cannot be called while metadata are asked for')
        const outcome = await host.fetcher.fetch(request, this.#call.signal)
        if (typeof outcome === 'string') this.#trap(outcome)
        // The glue hands `payload` over as the result's error.
        if (outcome instanceof NetError) throw Object.assign(outcome, { payload: outcome.value })
        return outcome
      },
    }
  }

  #log(level: PluginLogLevel, message: string, fields: readonly KeyValue[]): void {
    const { version, exportName, host } = this.#options
    host.log.write({ level, message, fields, source: { version, exportName, connectionId: this.#call.connectionId } })
  }

  #report(kind: 'counter' | 'gauge', given: { name: unknown; value: unknown; labels: unknown }): void {
    const { name, value } = given
    const labels = toKeyValues(given.labels)
    if (typeof name !== 'string' || typeof value !== 'bigint' || labels === undefined) {
      this.#trap(`metric-${kind} was given something else than its types`)
    }
    const refusal = this.#options.host.metrics.report({ kind, name, value, labels })
    if (refusal !== undefined) this.#trap(refusal)
  }

  #trap(reason: string): never {
    this.#trapReason ??= reason
    throw new HostTrap(reason)
  }
}
