import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ask } from './ask.ts'
import { startExample, type RunningExample } from './start-example.ts'

const DEADLINE = { timeout: 10_000 }

async function vane(example: RunningExample, ...args: string[]): Promise<string> {
  return text(example.vane('tail', 'flow', ...args).stdout!)
}

test('flow-log', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vane-flow-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'flow.ndjson')
  // Over what `.env` says.
  const example = await startExample('flow-log', { ports: [8080], env: { VANE_FLOW_LOG_FILE: file } })
  await ask(`${example.base(8080)}/hello`)
  await ask(`${example.base(8080)}/broken`)
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"target":"/broken"'), DEADLINE)
  const errors = await vane(example, '--status', '5xx', '-n', '20', '--no-follow')
  expect(errors).toMatch(/\t502\tGET\t\/broken\tbroken\t/)
  expect(errors.trim().split('\n')).toHaveLength(1)
  expect(await vane(example, '-n', '20', '--no-follow')).toMatch(/upgrade.*\n.*200\tGET\t\/hello\tsite\t/)

  // The log goes on for as long as somebody reads.
  const following = example.vane('tail', 'flow', '--json', '--event', 'request', '-n', '1')
  let seen = ''
  following.stdout!.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk))
  await vi.waitFor(() => expect(seen).toContain('"target":"/broken"'), DEADLINE)
  await ask(`${example.base(8080)}/later`)
  await vi.waitFor(() => expect(seen).toContain('"target":"/later"'), DEADLINE)
  following.kill()
})
