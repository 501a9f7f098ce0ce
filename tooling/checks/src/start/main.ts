import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

// Runs the README's first command as a person would: start, two requests, Ctrl-C.
const ROOT = join(import.meta.dirname, '../../../..')
const BASE = 'http://127.0.0.1:8080'
const READY_TIMEOUT_MS = 600_000
const END_TIMEOUT_MS = 20_000
const POLL_INTERVAL_MS = 200

if (await isListening()) throw new Error('something listens on port 8080 already; the quickstart needs it')
// A process group of its own takes the signal as a terminal's would: all of it at once.
const child = spawn('npx', ['-y', 'pnpm@10.34.8', 'start'], {
  cwd: ROOT,
  detached: true,
  stdio: ['ignore', 'inherit', 'inherit'],
})
const ended = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>
process.once('exit', () => signalGroup('SIGKILL'))
// The end of the group then fails the race below.
process.once('SIGINT', () => signalGroup('SIGKILL'))
process.once('SIGTERM', () => signalGroup('SIGKILL'))

await Promise.race([
  untilServing(),
  ended.then(([code, signal]) => {
    throw new Error(`start ended with ${code ?? signal} before it served`)
  }),
])
await expectAnswer('/', 'x-vane')
await expectAnswer('/hello', 'content-type')

signalGroup('SIGINT')
const how = await Promise.race([ended, delay(END_TIMEOUT_MS, undefined, { ref: false })])
if (how === undefined) throw new Error(`start did not end within ${END_TIMEOUT_MS} ms of Ctrl-C`)
if (await isListening()) throw new Error('start ended, but something still listens on port 8080')
console.log(`start: served, answered by the plugin, and ended after Ctrl-C with ${how[0] ?? how[1]}`)

async function untilServing(): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadlineMs) {
    if (await isListening()) return
    await delay(POLL_INTERVAL_MS)
  }
  throw new Error(`start did not serve within ${READY_TIMEOUT_MS} ms`)
}

async function isListening(): Promise<boolean> {
  const socket = connect(8080, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function expectAnswer(path: string, header: string): Promise<void> {
  const response = await fetch(`${BASE}${path}`)
  const body = await response.text()
  console.log(
    `${path}: ${response.status}, ${header}: ${response.headers.get(header)}, ${JSON.stringify(body.slice(0, 80))}`,
  )
  if (response.status !== 200 || body === '' || !response.headers.has(header))
    throw new Error(`${path} was not answered with 200, ${header} and a body`)
}

function signalGroup(signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group is gone, which is what is wanted.
  }
}
