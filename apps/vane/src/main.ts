#!/usr/bin/env node
// Nothing is imported statically here: on an older Node the rest would fail to load before it could say why.
const OLDEST_NODE_MAJOR = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
  process.stderr.write(
    `vane needs Node.js ${OLDEST_NODE_MAJOR} or newer, and this is ${process.versions.node} (${process.execPath}); install a newer one and start again\n`,
  )
  process.exit(1)
}

// Before anything is written: `tail flow` writes while it runs.
process.stdout.on('error', (error) => {
  // `vane stats | head -1`: the reader has what it wanted.
  if ('code' in error && error.code === 'EPIPE') return
  process.stderr.write(`vane: standard output cannot be written to: ${error.message}\n`)
  process.exit(1)
})
const { run } = await import('./run.ts')
const { stdout, stderr, exitCode } = await run(process.argv.slice(2))
process.stderr.write(stderr)
// Set and not forced: a large answer may still be on its way into a pipe.
process.exitCode = exitCode
process.stdout.write(stdout)
