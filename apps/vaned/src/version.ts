import { readFile } from 'node:fs/promises'
import type { FeatureChoice } from './features.ts'
import { notInstalled } from './features.ts'

/** The daemon's version, as its package has it. */
export async function readVersion(): Promise<string> {
  // One level up both from `src` and from `dist`.
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}

/**
 * Text of `--version`: the version, the runtime, and each feature with whether it is on.
 *
 * @param isInstalled tells whether an optional package is there, without loading it.
 */
export function formatVersion(
  version: string,
  choice: FeatureChoice,
  isInstalled: (packageName: string) => boolean,
): string {
  const on = choice.wanted.map((feature) => {
    const state = isInstalled(feature.packageName) ? 'on ' : `off`
    const why = state === 'off' ? ` (${notInstalled(feature)})` : ''
    return { name: feature.name, line: `${state}  ${feature.summary}${why}` }
  })
  const off = choice.off.map(({ name, reason }) => ({ name, line: `off  ${reason ?? ''}` }))
  const all = [...on, ...off].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ name, line }) => `  ${name.padEnd(width)}  ${line}\n`)
  return `vaned ${version} (node ${process.versions.node})\nfeatures:\n${lines.join('')}`
}
