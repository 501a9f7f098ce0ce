/** Name of an interface, such as `wasi:io/streams@0.2.3`, in its parts. */
export interface InterfaceName {
  /** Without the version: `wasi:io/streams`. */
  readonly id: string
  /** Such as `wasi:io`. */
  readonly packageId: string
  readonly version: InterfaceVersion | undefined
}

/** Numbers of a version. A name may leave the patch out: `0.1` is every `0.1.x`. */
export interface InterfaceVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

const KEBAB = '[a-zA-Z][0-9a-zA-Z]*(?:-[0-9a-zA-Z]+)*'
const INTERFACE = new RegExp(`^((${KEBAB}:${KEBAB})/${KEBAB})(?:@(.+))?$`)
const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?$/

/** Splits the name of an interface; anything else, pre-releases included, answers `undefined`. */
export function parseInterfaceName(name: string): InterfaceName | undefined {
  const parts = INTERFACE.exec(name)
  if (parts === null) return undefined
  const [, id, packageId, versionText] = parts
  const version = versionText === undefined ? undefined : parseVersion(versionText)
  if (id === undefined || packageId === undefined || (versionText !== undefined && version === undefined))
    return undefined
  return { id, packageId, version }
}

/** Reads `1.2.3` or `1.2`; anything else answers `undefined`. */
export function parseVersion(text: string): InterfaceVersion | undefined {
  const [, major, minor, patch = '0'] = VERSION.exec(text) ?? []
  if (major === undefined || minor === undefined) return undefined
  return { major: Number(major), minor: Number(minor), patch: Number(patch) }
}

/** Whether one version can stand in for the other: the same major and, before 1.0, the same minor (semver 2.0.0, §4 and §8). */
export function isCompatibleVersion(a: InterfaceVersion, b: InterfaceVersion): boolean {
  return a.major === b.major && (a.major !== 0 || a.minor === b.minor)
}
