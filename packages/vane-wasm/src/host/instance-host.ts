import { randomBytes } from 'node:crypto'

import { NetError, type PluginCallOptions } from 'vane-core'

import { parseInterfaceName } from '../component/interface-name.ts'
import { findWasi } from '../component/wasi/wasi.ts'
import type { HostFunction, HostImports } from '../instance/host-imports.ts'
import { HostTrap } from './host-trap.ts'
import type { KeyValue } from './key-value.ts'
import { OutputLines } from './output-lines.ts'
import type { PluginHost } from './plugin-host.ts'
import type { PluginLogLevel } from './plugin-log.ts'

/** Whose host functions these are. */
export interface InstanceHostOptions {
  readonly host: PluginHost
  /** Unknown while metadata are asked for. */
  readonly version: string | undefined
  readonly exportName: string | undefined
  /** Answer of `get-args`. */
  readonly argsJson: string
}

const MAX_RANDOM_BYTES = 65_536
const NO_OPTIONS: PluginCallOptions = {}
const HOST_INTERFACE = 'vane:host/host'

/** The host functions of one instance, and what they must know of the call that is running in it. */
export class InstanceHost implements HostImports {
  readonly #options: InstanceHostOptions
  readonly #functions: Readonly<Record<string, HostFunction>>
  readonly #stdout: OutputLines = new OutputLines((line) => this.#log('info', line, []))
  readonly #stderr: OutputLines = new OutputLines((line) => this.#log('warn', line, []))
  #call: PluginCallOptions = NO_OPTIONS

  constructor(options: InstanceHostOptions) {
    this.#options = options
    this.#functions = this.#createFunctions()
  }

  find(interfaceName: string, name: string): HostFunction {
    const id = parseInterfaceName(interfaceName)?.id ?? interfaceName
    if (id === HOST_INTERFACE && Object.hasOwn(this.#functions, name)) return this.#functions[name]!
    return findWasi(id, name, {
      writeOutput: (stream, bytes) => (stream === 'stdout' ? this.#stdout : this.#stderr).write(bytes),
      trap,
    })
  }

  isSuspending(interfaceName: string, name: string): boolean {
    return name === 'http-fetch' && parseInterfaceName(interfaceName)?.id === HOST_INTERFACE
  }

  beginCall(options: PluginCallOptions = NO_OPTIONS): void {
    this.#call = options
  }

  endCall(): void {
    this.#stdout.flush()
    this.#stderr.flush()
    this.#call = NO_OPTIONS
  }

  /** Arguments are of the contract's types: a component that declares others is not loaded. */
  #createFunctions(): Readonly<Record<string, HostFunction>> {
    const { argsJson, exportName, host } = this.#options
    return {
      'get-args': () => argsJson,
      'now-unix-ms': () => BigInt(Date.now()),
      log: (level: PluginLogLevel, message: string, fields: readonly KeyValue[]) => this.#log(level, message, fields),
      random: (length: number) => {
        if (length <= MAX_RANDOM_BYTES) return new Uint8Array(randomBytes(length))
        return trap(`asked for ${length} random bytes at once, more than the limit of ${MAX_RANDOM_BYTES}`)
      },
      'metric-counter': (name: string, value: bigint, labels: readonly KeyValue[]) =>
        trapIf(host.metrics.report({ kind: 'counter', name, value, labels })),
      'metric-gauge': (name: string, value: bigint, labels: readonly KeyValue[]) =>
        trapIf(host.metrics.report({ kind: 'gauge', name, value, labels })),
      'http-fetch': (request: unknown) => {
        if (exportName === undefined) return trap('http-fetch cannot be called while metadata are asked for')
        return this.#fetch(request)
      },
    }
  }

  async #fetch(request: unknown): Promise<unknown> {
    const outcome = await this.#options.host.fetcher.fetch(request, {
      signal: this.#call.signal,
      onRedirect: this.#logRedirect,
    })
    if (typeof outcome === 'string') return trap(outcome)
    return outcome instanceof NetError ? { tag: 'err', val: outcome.value } : { tag: 'ok', val: outcome }
  }

  /** Without its query, which may hold what is nobody's business. */
  readonly #logRedirect = (url: URL, refusal: string | undefined): void => {
    const outcome = refusal === undefined ? '' : ', which is not allowed'
    this.#log('debug', `http-fetch was redirected to ${url.origin}${url.pathname}${outcome}`, [])
  }

  #log(level: PluginLogLevel, message: string, fields: readonly KeyValue[]): void {
    const { version, exportName, host } = this.#options
    host.log.write({ level, message, fields, source: { version, exportName, connectionId: this.#call.connectionId } })
  }
}

function trap(reason: string): never {
  throw new HostTrap(reason)
}

function trapIf(reason: string | undefined): void {
  if (reason !== undefined) trap(reason)
}
