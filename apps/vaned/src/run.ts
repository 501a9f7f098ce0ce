import { parseArguments, HELP } from './arguments.ts'
import { boot, check } from './boot.ts'
import { chooseFeatures } from './features.ts'
import type { BootOptions } from './open-parts.ts'
import { processDependencies } from './process-dependencies.ts'
import { serve } from './serve.ts'
import { openSignalInbox } from './signals.ts'
import { formatVersion, readVersion } from './version.ts'

/**
 * Does what the command line says.
 *
 * @returns the exit code, once there is nothing left to do.
 * @throws ExitError with the text for the operator and the code.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv)
  if (parsed.command === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  const version = await readVersion()
  if (parsed.command === 'version') {
    const choice =
      parsed.features === undefined
        ? chooseFeatures(process.env['VANE_FEATURES'], 'VANE_FEATURES')
        : chooseFeatures(parsed.features, '--features')
    process.stdout.write(formatVersion(version, choice, isInstalled))
    return 0
  }
  const options: BootOptions = { configDir: parsed.configDir, features: parsed.features, version }
  const dependencies = processDependencies()
  if (parsed.command === 'check') {
    const { graph, warnings } = await check(options, dependencies)
    for (const warning of warnings) process.stderr.write(`${warning}\n\n`)
    const listeners = Object.keys(graph.meta.listeners)
    const files = graph.meta.sourceFiles.length
    process.stdout.write(
      `${parsed.configDir} is good: ${files} rule ${files === 1 ? 'file' : 'files'}, ${listeners.length === 1 ? 'listener' : 'listeners'} ${listeners.join(', ')}\n`,
    )
    return 0
  }
  const inbox = openSignalInbox()
  const daemon = await Promise.race([boot(options, dependencies), inbox.endRequested])
  // Asked to end before there was anything to end.
  if (daemon === undefined) return 0
  return serve(daemon, inbox)
}

function isInstalled(packageName: string): boolean {
  try {
    import.meta.resolve(packageName)
    return true
  } catch {
    return false
  }
}
