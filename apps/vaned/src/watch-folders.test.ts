import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SILENT_LOGGER } from 'vane-core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { watchFolders } from './watch-folders.ts'

const FAST = { logger: SILENT_LOGGER, quietMs: 20, maxWaitMs: 200 }

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vaned-watch-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function watching(folders: readonly string[], options: { quietMs?: number; maxWaitMs?: number } = {}) {
  const onChange = vi.fn()
  const watch = watchFolders({ ...FAST, ...options, folders, onChange })
  onTestFinished(() => watch.close())
  return { onChange, watch }
}

/** Waits until something was noticed, and forgets it. */
async function noticed(onChange: ReturnType<typeof vi.fn>): Promise<void> {
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), { timeout: 5_000 })
  onChange.mockClear()
}

describe('watchFolders', () => {
  it('takes a run of writes for one change', async () => {
    const dir = temporaryDir()
    const { onChange } = watching([dir], { quietMs: 500, maxWaitMs: 60_000 })
    for (let n = 0; n < 50; n++) writeFileSync(join(dir, 'a.json'), String(n))
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), { timeout: 5_000 })
  })

  it('does not wait for ever for an end of changes', async () => {
    const dir = temporaryDir()
    const { onChange } = watching([dir], { quietMs: 60_000, maxWaitMs: 50 })
    writeFileSync(join(dir, 'a.json'), '1')
    await noticed(onChange)
  })

  it('notices files that are made, replaced and removed, in every folder', async () => {
    const [one, two] = [temporaryDir(), temporaryDir()]
    const { onChange } = watching([one, two])
    writeFileSync(join(one, 'a.json'), '1')
    await noticed(onChange)
    writeFileSync(join(two, '.new'), '2')
    renameSync(join(two, '.new'), join(two, 'a.wasm'))
    await noticed(onChange)
    rmSync(join(one, 'a.json'))
    await noticed(onChange)
  })

  it('follows a folder that appears, and one whose name another folder takes', async () => {
    const root = temporaryDir()
    const rules = join(root, 'rules')
    const { onChange } = watching([root, rules])
    mkdirSync(rules)
    await noticed(onChange)
    writeFileSync(join(rules, 'a.json'), '1')
    await noticed(onChange)
    mkdirSync(join(root, 'next'))
    await noticed(onChange)
    renameSync(rules, join(root, 'old'))
    renameSync(join(root, 'next'), rules)
    await noticed(onChange)
    writeFileSync(join(rules, 'b.json'), '1')
    await noticed(onChange)
  })

  it('passes over what editors keep beside a file', async () => {
    const dir = temporaryDir()
    const { onChange } = watching([dir], { quietMs: 200 })
    writeFileSync(join(dir, '.a.json.swp'), '1')
    writeFileSync(join(dir, 'a.json~'), '1')
    writeFileSync(join(dir, 'b.json'), '1')
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled())
    expect(onChange).toHaveBeenCalledTimes(1)
  })

  it('says nothing once it is closed', async () => {
    const dir = temporaryDir()
    const { onChange, watch } = watching([dir])
    const other = watching([dir])
    writeFileSync(join(dir, 'a.json'), '1')
    watch.close()
    await noticed(other.onChange)
    expect(onChange).not.toHaveBeenCalled()
  })
})
