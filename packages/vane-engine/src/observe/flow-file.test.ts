import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FlowEvent, type Logger, SILENT_LOGGER } from 'vane-core'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../test/support/until.ts'
import { openFlowFile } from './flow-file.ts'

function tempPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vane-flow-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return join(dir, 'flow.ndjson')
}

function event(error: string): FlowEvent {
  return { event: 'error', unixMs: 0, connectionId: undefined, entry: undefined, peer: '192.0.2.1', error }
}

const lines = (path: string): { event: string; error?: string; count?: number }[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { event: string }]))

test('adds entries as lines of JSON, whatever is in them', async () => {
  const path = tempPath()
  const file = await openFlowFile(path, SILENT_LOGGER)
  file.write(event('a\nb"\u0000'))
  await until('the entry', () => lines(path).length === 1)
  file.write(event('second'))
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe(
    '{"event":"error","time":"1970-01-01T00:00:00.000Z","connection_id":null,"entry":null,"peer":"192.0.2.1","error":"a\\nb\\"\\u0000"}\n' +
      '{"event":"error","time":"1970-01-01T00:00:00.000Z","connection_id":null,"entry":null,"peer":"192.0.2.1","error":"second"}\n',
  )
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
  const again = await openFlowFile(path, SILENT_LOGGER)
  again.write(event('third'))
  await again.close()
  expect(lines(path)).toHaveLength(3)
})

test('goes on in a new file when the old one was moved, and loses nothing', async () => {
  const path = tempPath()
  const file = await openFlowFile(path, SILENT_LOGGER)
  for (let i = 0; i < 500; i++) file.write(event(`${i}`))
  renameSync(path, `${path}.1`)
  await file.reopen()
  for (let i = 500; i < 600; i++) file.write(event(`${i}`))
  await file.close()
  expect([lines(`${path}.1`).length, lines(path).length]).toEqual([500, 100])
  expect(file.stats).toEqual({ written: 600, dropped: 0 })
})

test('keeps the old file where the new one cannot be opened', async () => {
  const path = tempPath()
  const file = await openFlowFile(path, SILENT_LOGGER)
  renameSync(path, `${path}.1`)
  mkdirSync(path)
  await file.reopen()
  file.write(event('kept'))
  await file.close()
  expect(lines(`${path}.1`)).toMatchObject([{ error: 'kept' }])
})

test('drops what is too much, counts it, and says so in the file', async () => {
  const path = tempPath()
  const said: unknown[] = []
  const logger: Logger = { ...SILENT_LOGGER, warn: (...args: unknown[]) => void said.push(args[1]) }
  const file = await openFlowFile(path, logger)
  for (let i = 0; i < 10_500; i++) file.write(event(`${i}`))
  await file.close()
  expect(file.stats).toEqual({ written: 10_000, dropped: 500 })
  expect(lines(path)[0]).toMatchObject({ event: 'dropped', count: 500 })
  expect(said).toEqual(['entries of the flow log are dropped: the file does not keep up'])
})

test('refuses what is no file, or cannot be made', async () => {
  const dir = join(tempPath(), '..')
  await expect(openFlowFile(dir, SILENT_LOGGER)).rejects.toThrow(/flow log file .* cannot be opened: it is no file/)
  await expect(openFlowFile(join(dir, 'none/x'), SILENT_LOGGER)).rejects.toThrow(/cannot be opened: ENOENT/)
})
