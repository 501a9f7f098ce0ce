import { lstat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { OpenPlugins } from 'vane-engine/config'

type VaneWasm = Pick<typeof import('vane-wasm'), 'createWasmRuntime'>

/**
 * Opens the runtime that tells what plugins export, if `vane-wasm` is installed. The one place that imports it, so that the
 * command line runs without it, and does not wait for it where no rule names a plugin.
 *
 * A plugin is asked for its metadata in the sandbox it always runs in, and can fetch nothing. What taking it apart has yielded is
 * kept in the user's cache folder.
 */
export function openPluginsFor(
  variables: Readonly<Record<string, string | undefined>>,
  load: () => Promise<VaneWasm> = () => import('vane-wasm'),
): OpenPlugins {
  return async (limits) => {
    const wasm = await load().catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    const stateDir = cacheDir(variables)
    return wasm?.createWasmRuntime({ ...((await isOurs(stateDir)) ? { stateDir } : {}), limits })
  }
}

/** Only the package itself: one of *its* dependencies missing is a broken installation and must be heard of. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' && (error as Error).message.includes("'vane-wasm'")
}

/**
 * Whether nobody else can write into a folder, or it does not exist yet. What is kept there is run without further checks: root,
 * with the environment of somebody else, must not take it from them.
 */
async function isOurs(path: string): Promise<boolean> {
  try {
    const stat = await lstat(path)
    return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** As the XDG base directory specification has it: a relative path in the variable counts for nothing. */
function cacheDir({ XDG_CACHE_HOME = '', HOME = homedir() }: Readonly<Record<string, string | undefined>>): string {
  return join(XDG_CACHE_HOME.startsWith('/') ? XDG_CACHE_HOME : join(HOME, '.cache'), 'vane')
}
