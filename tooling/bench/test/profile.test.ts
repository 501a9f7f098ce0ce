import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createVaned } from '../src/proxies/vaned.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const missing = createVaned({ name: 'vaned' }).missing()

async function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [MAIN, 'profile', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

test.skipIf(missing !== undefined)('a profile names functions of the daemon', { timeout: 60_000 }, async () => {
  const { code, output } = await run(['--seconds', '1', '--top', '500'])
  expect(output).toMatch(/ samples, \d+ requests, /)
  expect(output).toMatch(/ vane-engine\n/)
  expect(output).toMatch(/ vane-engine\/\S+\.js:\d+\n/)
  expect(code).toBe(0)
})

test('an unknown load is a usage error that names those there are', async () => {
  const { code, output } = await run(['--workload', 'idle'])
  expect(output).toContain('--workload takes one of small, 16k, ')
  expect(code).toBe(2)
})
