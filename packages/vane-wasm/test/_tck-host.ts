import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  isPluginError,
  NetError,
  PluginPolicyTable,
  toModuleId,
  VaneError,
  type HttpFetchBackend,
  type Logger,
  type PluginCallSite,
  type PluginMetrics,
} from 'vane-core'
import type {
  CallSite,
  Decisions,
  Host,
  Loaded,
  LoggedLine,
  Outcome,
  PluginSetup,
  ReportedMetric,
  TrapCause,
} from 'vane-plugin-sdk/tck'

import { createWasmRuntime } from '../src/index.ts'

/** This package as a host of the compatibility kit: a runtime for each plugin, all of them in this thread. */
export const vaneWasmHost: Host = {
  load: async (component, setup) => {
    const dir = await mkdtemp(join(tmpdir(), 'vane-tck-'))
    try {
      const path = join(dir, 'plugin.wasm')
      await writeFile(path, component)
      return await loadFrom(path, setup)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
  cpuTimeMs: () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  },
}

async function loadFrom(path: string, { limits, policy, fetch }: PluginSetup): ReturnType<Host['load']> {
  const logs: LoggedLine[] = []
  const metrics: ReportedMetric[] = []
  const runtime = createWasmRuntime({
    logger: recordingLogger(logs),
    metrics: recordingMetrics(metrics),
    ...(limits === undefined ? {} : { limits: { plugin: limits } }),
    ...(policy === undefined ? {} : { policies: PluginPolicyTable.fromJson(JSON.stringify({ plugin: policy })) }),
    ...(fetch === undefined ? {} : { httpFetch: toBackend(fetch) }),
  })
  const module = toModuleId(path)
  try {
    const metadata = await runtime.loadComponent(module)
    return {
      tag: 'loaded',
      metadata: structuredClone(metadata) as Loaded['metadata'],
      open: async (exportName, argsJson) => toCallSite(await runtime.prepareCallSite(module, exportName, argsJson)),
      logs,
      metrics,
      close: () => runtime.close(),
    }
  } catch (error) {
    await runtime.close()
    if (error instanceof VaneError && error.kind === 'compile') return { tag: 'refused', reason: error.message }
    throw error
  }
}

function toCallSite(site: PluginCallSite): CallSite {
  return {
    call: async (kind, input, signal) => {
      const options = signal === undefined ? {} : { signal }
      try {
        const decision = await callKind(site, kind, input, options)
        return { tag: 'decision', decision } as Outcome<typeof kind>
      } catch (error) {
        return toOutcome(error)
      }
    },
  }
}

function callKind(
  site: PluginCallSite,
  kind: keyof Decisions,
  input: unknown,
  options: { signal?: AbortSignal },
): unknown {
  switch (kind) {
    case 'l4-peek':
      return site.l4Peek(input as never, options)
    case 'l4-bytes':
      return site.l4Bytes(input as never, options)
    case 'l7-request':
      return site.l7Request(input as never, options)
    case 'l7-response':
      return site.l7Response(input as never, options)
  }
}

function toOutcome(error: unknown): Outcome<never> {
  if (!isPluginError(error)) throw error
  switch (error.case) {
    case 'plugin': {
      const hint = error.onErrorHint === undefined ? {} : { hint: error.onErrorHint }
      return { tag: 'error', code: error.code, message: error.pluginMessage, ...hint }
    }
    case 'trap':
      return { tag: 'trap', reason: error.reason, cause: causeOf(error.reason, error.cause) }
    case 'exhausted':
      return { tag: 'exhausted' }
  }
}

/** What the runtime's errors say of what ended a call. */
function causeOf(reason: string, cause: unknown): TrapCause {
  if (/^cpu limit of \d+ ms exceeded$/.test(reason)) return 'cpu'
  if (reason === 'stack exhausted') return 'stack'
  if (cause instanceof WebAssembly.RuntimeError) return 'guest'
  return cause instanceof Error && cause.name === 'AbiError' ? 'value' : 'contract'
}

function recordingLogger(logs: LoggedLine[]): Logger {
  const write =
    (level: LoggedLine['level']) =>
    (given: object | string, message = ''): void => {
      if (typeof given === 'string') logs.push({ level, message: given, fields: {} })
      else logs.push({ level, message, fields: 'fields' in given ? (given.fields as LoggedLine['fields']) : {} })
    }
  const logger: Logger = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => logger,
  }
  return logger
}

function recordingMetrics(reports: ReportedMetric[]): PluginMetrics {
  const record =
    (kind: ReportedMetric['kind']): PluginMetrics['counter'] =>
    (_plugin, name, value, labels) =>
      void reports.push({ kind, name, value, labels })
  return { counter: record('counter'), gauge: record('gauge') }
}

function toBackend(fetch: NonNullable<PluginSetup['fetch']>): HttpFetchBackend {
  return {
    fetch: async (request, limits, signal) => {
      const { maxBodyBytes, timeoutMs = 0, followRedirects, allowInsecure, checkUrl, checkAddress } = limits
      const answered = await fetch({
        request,
        limits: { maxBodyBytes, timeoutMs, followRedirects, allowInsecure },
        checkUrl: (url) => checkUrl?.(new URL(url)),
        checkAddress: (url, address) => checkAddress?.(new URL(url), address),
        signal,
      })
      if (answered.tag === 'err') throw new NetError(answered.val)
      return answered.val
    },
  }
}
