import { suggest } from '../diagnostics/suggest.ts'
import { FIELDS, type FieldType, type PredicateField } from '../predicate/fields.ts'
import type { InspectionLevel } from '../predicate/types.ts'
import { PLUGIN_KINDS, type PluginKind } from './metadata.ts'
import type { ContextValue } from './values.ts'

/** One path that an export may declare in `inspects`, or a family of paths that differ in their last part. */
export interface ContextPath {
  /** Such as `conn.peer_ip`; a family is written with `<name>` at its end, such as `http.header.<name>`. */
  readonly path: string
  /** Tag of the {@link ContextValue} it carries. */
  readonly type: ContextValue['tag']
  /** Kinds of export that may declare it: those that run where the value is known. */
  readonly kinds: readonly PluginKind[]
  /**
   * What a connection without the value yields: an entry with the type's empty value (`conn.*`, so that a plugin finds
   * what it declared), or no entry at all (predicate fields, where empty and absent differ).
   */
  readonly whenAbsent: 'empty' | 'omitted'
}

/** Answer of {@link findContextPath}. */
export type ContextPathLookup =
  /** `name` is what stood in place of `<name>`. */
  | { readonly found: ContextPath; readonly name?: string }
  /** `reason` names the path; `suggestion` is what to write instead. */
  | { readonly found: undefined; readonly reason: string; readonly suggestion?: string }

const PARAMETER = '<name>'

const FIELD_VALUES: Readonly<Record<FieldType, ContextValue['tag']>> = {
  string: 'text',
  enum: 'text',
  ip: 'text',
  int: 'uint64',
  bytes: 'bytes',
  bool: 'boolean',
  list: 'list-text',
}

/** Which kinds of export run where a level's fields are known: what was known once stays known, except for bodies. */
const LEVEL_KINDS: Readonly<Record<InspectionLevel, readonly PluginKind[]>> = {
  l4: PLUGIN_KINDS,
  'l4-peek': PLUGIN_KINDS,
  'l7-header': ['l7-request', 'l7-response'],
  // The request's body has gone upstream by the time there is a response.
  'l7-body': ['l7-request'],
}

/** Every path there is: `conn.*`, known on each connection, and the predicate fields, each where it is known. */
export const CONTEXT_PATHS: readonly ContextPath[] = [
  conn('conn.peer_ip', 'text'),
  conn('conn.peer_port', 'uint64'),
  conn('conn.local_ip', 'text'),
  conn('conn.local_port', 'uint64'),
  conn('conn.transport', 'text'),
  conn('conn.alpn', 'text'),
  conn('conn.id', 'text'),
  conn('conn.accept_unix_ms', 'uint64'),
  conn('conn.tls.version', 'text'),
  conn('conn.tls.sni', 'text'),
  conn('conn.tls.peer_cert', 'bytes'),
  conn('conn.tls.peer_cert.present', 'boolean'),
  conn('conn.tls.peer_cert.subject_cn', 'text'),
  conn('conn.tls.peer_cert.san_dns', 'list-text'),
  conn('conn.tls.peer_cert.fingerprint_sha256', 'text'),
  conn('conn.tls.peer_cert.spki_sha256', 'text'),
  conn('conn.tls.peer_cert.issuer_cn', 'text'),
  conn('conn.tls.peer_cert.serial', 'text'),
  ...FIELDS.map(toContextPath),
]

/**
 * Looks a declared path up for an export of some kind: the table's entry, or why the export cannot have it.
 *
 * `path` may be anything a plugin made up; the answer's texts are bounded and fit for a log line.
 */
export function findContextPath(path: string, kind: PluginKind): ContextPathLookup {
  const match = EXACT_PATHS.has(path) ? { found: EXACT_PATHS.get(path)! } : findFamily(path)
  if (match === undefined) return toUnknown(path)
  if ('name' in match && !isNameFor(match.found, match.name)) return toBadName(path, match)
  if (match.found.kinds.includes(kind)) return match
  return {
    found: undefined,
    reason: `context path ${shown(path)} does not exist for kind ${kind}, only for ${match.found.kinds.join(' and ')}`,
  }
}

const EXACT_PATHS: ReadonlyMap<string, ContextPath> = new Map(
  CONTEXT_PATHS.filter(({ path }) => !path.endsWith(PARAMETER)).map((entry) => [entry.path, entry]),
)
const FAMILIES: readonly { readonly prefix: string; readonly entry: ContextPath }[] = CONTEXT_PATHS.filter(({ path }) =>
  path.endsWith(PARAMETER),
).map((entry) => ({ prefix: entry.path.slice(0, -PARAMETER.length), entry }))

// RFC 9110 §5.1 header names and RFC 6265 §4.1.1 cookie names are tokens; query names are anything.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const MAX_NAME_LENGTH = 256

function findFamily(path: string): { found: ContextPath; name: string } | undefined {
  const family = FAMILIES.find(({ prefix }) => path.startsWith(prefix))
  return family && { found: family.entry, name: path.slice(family.prefix.length) }
}

function isNameFor({ path }: ContextPath, name: string): boolean {
  if (name === '' || name.length > MAX_NAME_LENGTH) return false
  if (path === 'http.header.<name>') return TOKEN.test(name) && name === name.toLowerCase()
  return path === 'http.cookie.<name>' ? TOKEN.test(name) : true
}

function toBadName(path: string, { found, name }: { found: ContextPath; name: string }): ContextPathLookup {
  const reason = `context path ${shown(path)} holds no valid name for ${found.path}`
  const lower = name.toLowerCase()
  if (!isNameFor(found, lower)) return { found: undefined, reason }
  return { found: undefined, reason, suggestion: found.path.replace(PARAMETER, () => lower) }
}

function toUnknown(path: string): ContextPathLookup {
  const reason = `unknown context path ${shown(path)}`
  // A misspelt family keeps the name it was given: `http.heder.accept` becomes `http.header.accept`.
  const name = /^[^.]*\.[^.]*\.(.+)$/s.exec(path)?.[1]
  const families = name === undefined ? [] : FAMILIES.map(({ prefix }) => prefix + name)
  const suggestion = suggest(path, [...EXACT_PATHS.keys(), ...families])
  return suggestion === undefined ? { found: undefined, reason } : { found: undefined, reason, suggestion }
}

function shown(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path)
}

function conn(path: string, type: ContextValue['tag']): ContextPath {
  return { path, type, kinds: PLUGIN_KINDS, whenAbsent: 'empty' }
}

function toContextPath({ path, type, level }: PredicateField): ContextPath {
  return {
    path: path.endsWith('.') ? path + PARAMETER : path,
    type: FIELD_VALUES[type],
    kinds: LEVEL_KINDS[level],
    whenAbsent: 'omitted',
  }
}
