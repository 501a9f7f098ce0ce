import {
  ABI_VERSION,
  findContextPath,
  PLUGIN_KINDS,
  type PluginExport,
  type PluginKind,
  type PluginMetadata,
} from 'vane-core'

import { isCompatibleVersion, parseVersion } from './interface-name.ts'
import { loadError } from './load-error.ts'
import { quoteName } from './quote-name.ts'

/** What a component's metadata are held against. */
export interface MetadataContext {
  /** For messages. */
  readonly file: string
  /** Kinds whose handler interface the component exports. */
  readonly handlerKinds: ReadonlySet<PluginKind>
}

// Far above what a person writes; an export costs a few hundred bytes for as long as the component is loaded.
const MAX_EXPORTS = 1000
const MAX_INSPECTS = 100
const MAX_TEXT_LENGTH = 256

/**
 * Takes what `get-metadata` answered for a plugin's metadata, trusting nothing about it.
 *
 * @throws VaneError of kind `compile` that names the file, the export and the reason.
 */
export function parseMetadata(value: unknown, context: MetadataContext): PluginMetadata {
  const { file } = context
  if (!isRecord(value)) throw loadError(file, 'get-metadata answered something that is not metadata')
  const name = toText(value['name'], { file, what: 'name' })
  const version = toText(value['version'], { file, what: 'version' })
  const abiVersion = toText(value['abiVersion'], { file, what: 'abi-version' })
  checkAbiVersion(abiVersion, file)
  const entries: unknown = value['exports']
  if (!Array.isArray(entries)) throw loadError(file, 'get-metadata answered no list of exports')
  if (entries.length > MAX_EXPORTS)
    throw loadError(file, `${entries.length} exports, more than the limit of ${MAX_EXPORTS}`)
  const exports = entries.map((entry: unknown) => parseExport(entry, context))
  checkUnique(exports, file)
  return { name, version, abiVersion, exports }
}

function checkAbiVersion(text: string, file: string): void {
  const version = /^\d+\.\d+\.\d+$/.test(text) ? parseVersion(text) : undefined
  const ours = parseVersion(ABI_VERSION)
  if (version === undefined)
    throw loadError(file, `abi-version ${quoteName(text)} is not a version; write it as "${ABI_VERSION}"`)
  if (ours === undefined || isCompatibleVersion(version, ours)) return
  throw loadError(file, `abi-version ${quoteName(text)} is not compatible with this host's ${ABI_VERSION}`)
}

function parseExport(value: unknown, { file, handlerKinds }: MetadataContext): PluginExport {
  if (!isRecord(value)) throw loadError(file, 'get-metadata answered an export that is not a record')
  const name: unknown = value['name']
  if (typeof name !== 'string') throw loadError(file, 'get-metadata answered an export without a name')
  if (name === '') throw loadError(file, 'the name is empty', { exportName: '' })
  const fail = (reason: string): Error => loadError(file, reason, { exportName: name })
  if (name.length > MAX_TEXT_LENGTH)
    throw fail(`the name has ${name.length} characters, more than the limit of ${MAX_TEXT_LENGTH}`)
  const kind = PLUGIN_KINDS.find((candidate) => candidate === value['kind'])
  if (kind === undefined) throw fail('its kind is none of the contract')
  if (!handlerKinds.has(kind))
    throw fail(`kind ${kind}, but the component does not export vane:plugin/handler-${kind}@0.1.x`)
  const stateless: unknown = value['stateless']
  const needsBody: unknown = value['needsBody']
  const needsStreamingBody: unknown = value['needsStreamingBody']
  if (typeof stateless !== 'boolean' || typeof needsBody !== 'boolean' || typeof needsStreamingBody !== 'boolean') {
    throw fail('its flags are not booleans')
  }
  if (needsStreamingBody) throw fail('needs-streaming-body is reserved and must be false')
  const inspects = parseInspects(value['inspects'], kind, fail)
  return { name, kind, stateless, needsBody, inspects, needsStreamingBody }
}

function parseInspects(value: unknown, kind: PluginKind, fail: (reason: string) => Error): string[] {
  if (!Array.isArray(value)) throw fail('its inspects is not a list')
  if (value.length > MAX_INSPECTS) throw fail(`inspects ${value.length} paths, more than the limit of ${MAX_INSPECTS}`)
  return value.map((path: unknown) => {
    if (typeof path !== 'string') throw fail('its inspects holds something that is not text')
    const lookup = findContextPath(path, kind)
    if (lookup.found !== undefined) return path
    const hint = lookup.suggestion === undefined ? '' : `; did you mean ${quoteName(lookup.suggestion)}?`
    throw fail(`inspects ${lookup.reason}${hint}`)
  })
}

function checkUnique(exports: readonly PluginExport[], file: string): void {
  const seen = new Set<string>()
  for (const { name } of exports) {
    if (seen.has(name)) throw loadError(file, 'two exports have this name', { exportName: name })
    seen.add(name)
  }
}

function toText(value: unknown, { file, what }: { file: string; what: string }): string {
  if (typeof value !== 'string') throw loadError(file, `get-metadata answered no ${what}`)
  if (value.length <= MAX_TEXT_LENGTH) return value
  throw loadError(file, `the ${what} has ${value.length} characters, more than the limit of ${MAX_TEXT_LENGTH}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
