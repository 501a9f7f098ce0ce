import { OK, type WasiFunctions, type WasiResult } from './wasi-host.ts'
import { Inert, OutputStream } from './wasi-io.ts'

/**
 * `wasi:http/types`: as much as it takes to build a request, so that a plugin learns by a typed error that sending it is
 * denied. What is put in is forgotten: an instance that is put back to its beginning must not find it, and nothing grows.
 */
export const HTTP_TYPES: WasiFunctions = {
  '[constructor]fields': () => new Inert(),
  '[static]fields.from-list': made,
  '[method]fields.get': () => [],
  '[method]fields.has': () => false,
  '[method]fields.set': () => OK,
  '[method]fields.delete': () => OK,
  '[method]fields.append': () => OK,
  '[method]fields.entries': () => [],
  '[method]fields.clone': () => new Inert(),
  '[constructor]outgoing-request': () => new Inert(),
  '[method]outgoing-request.body': made,
  '[method]outgoing-request.headers': () => new Inert(),
  '[method]outgoing-request.set-method': () => OK,
  '[method]outgoing-request.set-path-with-query': () => OK,
  '[method]outgoing-request.set-scheme': () => OK,
  '[method]outgoing-request.set-authority': () => OK,
  '[method]outgoing-body.write': () => ({ tag: 'ok', val: new OutputStream(() => {}) }),
  '[static]outgoing-body.finish': () => OK,
  '[constructor]request-options': () => new Inert(),
  '[method]request-options.set-connect-timeout': () => OK,
  '[method]request-options.set-first-byte-timeout': () => OK,
  '[method]request-options.set-between-bytes-timeout': () => OK,
  'http-error-code': () => undefined,
}

function made(): WasiResult {
  return { tag: 'ok', val: new Inert() }
}
