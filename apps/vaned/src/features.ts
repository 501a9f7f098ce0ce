import type { Logger, WasmFetchStats, WasmPoolStats, WasmRuntime } from 'vane-core'
import { suggest } from 'vane-core'
import type { CgiRuntime, Settings } from 'vane-engine'
import type { FeatureStatus } from 'vane-mgmt'
import { ExitError } from './exit-error.ts'
import type { DaemonPaths } from './settings.ts'

/** A part of the daemon that can be left out. */
export interface FeatureSpec {
  readonly name: string
  readonly summary: string
  /** The optional package it stands on. */
  readonly packageName: string
  load(): Promise<FeatureModule>
}

/** What a feature's file exports. */
export interface FeatureModule {
  /** Imports the optional package; a missing one rejects with `ERR_MODULE_NOT_FOUND`. */
  open(context: FeatureContext): Promise<OpenFeature>
}

/** What a feature is opened with. */
export interface FeatureContext {
  readonly settings: Settings
  readonly paths: DaemonPaths
  readonly logger: Logger
}

/** What an open feature brings. */
export interface OpenFeature {
  readonly wasm?: WasmRuntime & WasmPoolStats & WasmFetchStats
  readonly cgi?: CgiRuntime
  /** Changes with what the feature has read: the same rules with another plugin or limit are another configuration. */
  revision?(): string
  /**
   * Reads the feature's own files again, before a reload reads the rules. Answers what undoes it where the reload fails.
   *
   * @throws VaneError of kind `compile` where they cannot be used; nothing has changed then.
   */
  refresh?(): Promise<() => void>
  close(): Promise<void>
}

/** Every feature there is. */
export const FEATURES: readonly FeatureSpec[] = [
  {
    name: 'wasm',
    summary: 'plugins: WebAssembly components in middleware chains',
    packageName: 'vane-wasm',
    load: () => import('./features/wasm.ts'),
  },
  {
    name: 'cgi',
    summary: 'programs that are run for each request',
    packageName: 'vane-engine',
    load: () => import('./features/cgi.ts'),
  },
]

/** Which features are wanted, and why the others are not. */
export interface FeatureChoice {
  readonly wanted: readonly FeatureSpec[]
  readonly off: readonly FeatureStatus[]
}

/**
 * Reads a feature list: names to use, `-name` to leave one out. Without a plain name all others are wanted.
 *
 * @param origin where the list stands, for messages: `--features` or `VANE_FEATURES`.
 * @throws ExitError for a name that is no feature: code 2 for the command line, 1 for a variable.
 */
export function chooseFeatures(
  list: string | undefined,
  origin: '--features' | 'VANE_FEATURES',
  features: readonly FeatureSpec[] = FEATURES,
): FeatureChoice {
  const names = (list ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]))
  const on = new Set(names.filter((name) => !name.startsWith('-')))
  const without = new Set(names.filter((name) => name.startsWith('-')).map((name) => name.slice(1)))
  const known = features.map((feature) => feature.name)
  for (const name of [...on, ...without]) {
    if (known.includes(name)) continue
    const near = suggest(name, known)
    const hint = near === undefined ? `there are: ${known.join(', ')}` : `did you mean "${near}"?`
    throw new ExitError(origin === '--features' ? 2 : 1, `${origin}: unknown feature "${name}"; ${hint}`)
  }
  const isWanted = ({ name }: FeatureSpec): boolean => !without.has(name) && (on.size === 0 || on.has(name))
  return {
    wanted: features.filter(isWanted),
    off: features
      .filter((feature) => !isWanted(feature))
      .map(({ name }) => ({ name, on: false, reason: `switched off by ${origin}` })),
  }
}

/** The features of a running daemon. */
export interface OpenFeatures extends Required<Omit<OpenFeature, 'wasm' | 'cgi'>>, Pick<OpenFeature, 'wasm' | 'cgi'> {
  readonly status: readonly FeatureStatus[]
}

/** Opens the wanted features. One whose package is not installed is off and said to be. */
export async function openFeatures(choice: FeatureChoice, context: FeatureContext): Promise<OpenFeatures> {
  const opened: OpenFeature[] = []
  const status: FeatureStatus[] = [...choice.off]
  const close = async (): Promise<void> => {
    for (const feature of opened.toReversed()) await feature.close()
  }
  try {
    for (const feature of choice.wanted) {
      const module = await openIfInstalled(feature, context)
      if (module !== undefined) opened.push(module)
      status.push({
        name: feature.name,
        on: module !== undefined,
        reason: module === undefined ? notInstalled(feature) : null,
      })
    }
  } catch (error) {
    await close()
    throw error
  }
  const wasm = opened.find((feature) => feature.wasm !== undefined)?.wasm
  const cgi = opened.find((feature) => feature.cgi !== undefined)?.cgi
  return {
    ...(wasm === undefined ? {} : { wasm }),
    ...(cgi === undefined ? {} : { cgi }),
    revision: () => opened.map((feature) => feature.revision?.() ?? '').join('\n'),
    async refresh() {
      const undos: (() => void)[] = []
      const undo = (): void => {
        for (const each of undos.toReversed()) each()
      }
      try {
        for (const feature of opened) if (feature.refresh !== undefined) undos.push(await feature.refresh())
      } catch (error) {
        undo()
        throw error
      }
      return undo
    },
    status: status.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    close,
  }
}

/** Says that a feature's package is missing. */
export function notInstalled(feature: FeatureSpec): string {
  return `the package ${feature.packageName} is not installed`
}

async function openIfInstalled(feature: FeatureSpec, context: FeatureContext): Promise<OpenFeature | undefined> {
  try {
    return await (await feature.load()).open(context)
  } catch (error) {
    if (isMissingPackage(error, feature.packageName)) return undefined
    throw error
  }
}

/** Only the package itself: one of *its* dependencies missing is a broken installation and must be heard of. */
function isMissingPackage(error: unknown, packageName: string): boolean {
  const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  return missing && error.message.includes(`'${packageName}'`)
}
