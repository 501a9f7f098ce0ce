import { join } from 'node:path'
import { benchCommand } from './bench-command.ts'
import { installPeers } from './install-peers.ts'
import { parseOptions, USAGE } from './options.ts'
import { profileCommand } from './profile/profile-command.ts'
import { parseProfileOptions, PROFILE_USAGE } from './profile/profile-options.ts'
import { UsageError } from './usage-error.ts'

const RESULTS = join(import.meta.dirname, '../results')

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`ended by ${name}`)))

// pnpm hands a separating -- on to the script.
const given = process.argv.slice(2).filter((arg, index) => index > 0 || arg !== '--')
const [command] = given
const usage = command === 'profile' ? PROFILE_USAGE : USAGE
const print = (line: string): void => console.log(line)

try {
  if (command === 'install') installPeers(print)
  else if (command === 'profile') {
    const options = parseProfileOptions(given.slice(1), RESULTS)
    if (options === undefined) print(usage)
    else await profileCommand(options, stop.signal, print)
  } else {
    const options = parseOptions(given, join(RESULTS, 'latest.json'))
    if (options === undefined) print(usage)
    else await benchCommand(options, stop.signal, print)
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof UsageError) process.stderr.write(`\n${usage}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
