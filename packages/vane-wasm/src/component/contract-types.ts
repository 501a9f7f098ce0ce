import type { PluginKind } from 'vane-core'

import type { FunctionType, ValueType } from '../plan/value-type.ts'

// The types of the WIT packages `vane:plugin@0.1.0` and `vane:host@0.1.0`. A component must have its functions by these: what is
// lifted by them needs no second look.

const bool: ValueType = { kind: 'bool' }
const string: ValueType = { kind: 'string' }
const u16: ValueType = { kind: 'u16' }
const u32: ValueType = { kind: 'u32' }
const u64: ValueType = { kind: 'u64' }
const s64: ValueType = { kind: 's64' }
const bytes: ValueType = list({ kind: 'u8' })

const pluginError = record({ code: string, message: string, 'on-error-hint': option(string) })

const contextEntry = record({
  path: string,
  value: variant({ text: string, bytes, int64: s64, uint64: u64, boolean: bool, 'list-text': list(string) }),
})

const context = list(contextEntry)
const headers = list(record({ name: string, value: string }))
const bytesView = record({ data: bytes, truncated: bool })

/** `get-metadata` of `vane:plugin/registry`. */
export const GET_METADATA: FunctionType = func(
  [],
  record({
    name: string,
    version: string,
    'abi-version': string,
    exports: list(
      record({
        name: string,
        kind: enumeration('l4-peek', 'l4-bytes', 'l7-request', 'l7-response'),
        stateless: bool,
        'needs-body': bool,
        inspects: list(string),
        'needs-streaming-body': bool,
      }),
    ),
  }),
)

/** `handle` of each `vane:plugin/handler-KIND`. */
export const HANDLE: Readonly<Record<PluginKind, FunctionType>> = {
  'l4-peek': handle(record({ peek: bytes, context }), variant({ continue: undefined, close: undefined })),
  'l4-bytes': handle(
    record({ bytes: bytesView, context }),
    variant({ continue: undefined, tunnel: undefined, close: undefined }),
  ),
  'l7-request': handle(
    record({ method: string, uri: string, headers, body: option(bytesView), context }),
    variant({ continue: undefined, short: record({ status: u16, headers, body: bytes }), close: undefined }),
  ),
  'l7-response': handle(
    record({ status: u16, headers, body: option(bytesView), context }),
    variant({
      continue: undefined,
      modify: record({ status: option(u16), headers: option(headers), body: option(bytes) }),
      abort: undefined,
    }),
  ),
}

const keyValues = list(record({ key: string, value: string }))
const pairs = list({ kind: 'tuple', items: [string, string] })

/** Functions of `vane:host/host`. */
export const HOST: ReadonlyMap<string, FunctionType> = new Map([
  ['get-args', func([], string)],
  ['log', func([enumeration('trace', 'debug', 'info', 'warn', 'error'), string, keyValues])],
  ['now-unix-ms', func([], u64)],
  ['random', func([u32], bytes)],
  ['metric-counter', func([string, u64, keyValues])],
  ['metric-gauge', func([string, s64, keyValues])],
  [
    'http-fetch',
    func(
      [
        record({
          method: string,
          url: string,
          headers: pairs,
          body: bytes,
          'timeout-ms': option(u32),
          'follow-redirects': option(u32),
          'verify-tls': option(bool),
        }),
      ],
      {
        kind: 'result',
        ok: record({ status: u16, headers: pairs, body: bytes }),
        err: variant({
          'dns-failure': string,
          'connection-refused': undefined,
          timeout: undefined,
          'tls-error': string,
          'pool-exhausted': undefined,
          'body-too-large': undefined,
          'not-allowed': string,
          'insecure-rejected': undefined,
          internal: string,
        }),
      },
    ),
  ],
])

function list(of: ValueType): ValueType {
  return { kind: 'list', of }
}

function option(of: ValueType): ValueType {
  return { kind: 'option', of }
}

function record(fields: Readonly<Record<string, ValueType>>): ValueType {
  return { kind: 'record', fields: Object.entries(fields).map(([name, type]) => ({ name, type })) }
}

function variant(cases: Readonly<Record<string, ValueType | undefined>>): ValueType {
  return { kind: 'variant', cases: Object.entries(cases).map(([name, type]) => ({ name, type })) }
}

function enumeration(...names: string[]): ValueType {
  return { kind: 'enum', names }
}

/** Names of parameters are no part of what is compared. */
function func(params: readonly ValueType[], result?: ValueType): FunctionType {
  return { params: params.map((type, index) => ({ name: `${index}`, type })), result }
}

function handle(input: ValueType, decision: ValueType): FunctionType {
  return func([string, input], { kind: 'result', ok: decision, err: pluginError })
}
