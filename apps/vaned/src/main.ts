#!/usr/bin/env node
// Nothing is imported statically here: on an older Node the rest would fail to load before it could say why.
const OLDEST_NODE_MAJOR = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
  process.stderr.write(
    `vaned needs Node.js ${OLDEST_NODE_MAJOR} or newer, and this is ${process.versions.node} (${process.execPath}); install a newer one and start again\n`,
  )
  process.exit(1)
}

try {
  const { run } = await import('./run.ts')
  process.exit(await run(process.argv.slice(2)))
} catch (error) {
  const { toExit } = await import('./exit-error.ts')
  const { message, exitCode } = toExit(error)
  process.stderr.write(`vaned: ${message}\n`)
  process.exit(exitCode)
}
