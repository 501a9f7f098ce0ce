import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Launch } from './launch.ts'

const STOP_TIMEOUT_MS = 3000
const KEPT_OUTPUT_CHARS = 8192

/** A running program. */
export interface Child {
  readonly pid: number
  /** Resolves with the exit code once the program has ended; 1 if a signal ended it. */
  readonly ended: Promise<number>
  /** The last that it wrote, both streams together. */
  output(): string
}

/** Programs that end together. */
export interface ChildGroup {
  start(launch: Launch): Promise<Child>
  /** Asks every program to end, then forces it. */
  stop(): Promise<void>
}

/** A group whose programs also end when this process does, whatever the reason, as long as it can still act. */
export function createChildGroup(): ChildGroup {
  const running = new Set<ChildProcess>()
  // Nothing asynchronous happens any more at this point, and nginx needs SIGTERM to take its workers along.
  const onExit = (): void => running.forEach((child) => child.kill('SIGTERM'))
  process.on('exit', onExit)

  return {
    async start({ command, args, env }) {
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
      let text = ''
      const keep = (chunk: Buffer): void => {
        text = (text + chunk.toString()).slice(-KEPT_OUTPUT_CHARS)
      }
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
      // A spawn that fails rejects here; once it runs, `once` has seen to it that pid is set.
      await once(child, 'spawn')
      running.add(child)
      void ended.then(() => running.delete(child))
      return { pid: child.pid ?? 0, ended, output: () => text }
    },
    async stop() {
      await Promise.all([...running].map(stopChild))
      process.off('exit', onExit)
    },
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(force)
}
