import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadSettings, type Settings } from 'vane-engine'
import { describe, expect, it, onTestFinished } from 'vitest'
import { idleVariables, toBindOptions, toEngineLimits, toPaths } from './settings.ts'

/** Settings as they are read from a `.env`, with nothing in the process environment. */
async function settingsOf(dotenv: string): Promise<Settings> {
  const dir = mkdtempSync(join(tmpdir(), 'vaned-settings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, '.env'), dotenv)
  const { settings } = await loadSettings(dir, {})
  if (settings === undefined) throw new Error('these settings are no good')
  return settings
}

describe('toPaths', () => {
  it('places state, plugins and socket where nothing says otherwise', async () => {
    const state = process.getuid?.() === 0 ? '/var/lib/vane' : join(homedir(), '.local/state/vane')
    expect(toPaths('conf', await settingsOf(''), {})).toEqual({
      configDir: resolve('conf'),
      stateDir: state,
      wasmDir: resolve('conf/wasm'),
      socketPath: `${state}/vaned.sock`,
    })
  })

  it('follows the settings, those of .env too, and makes every path absolute', async () => {
    const settings = await settingsOf('VANE_STATE_DIR=state\nVANE_WASM_DIR=/w\n')
    expect(toPaths('/conf', settings, {})).toEqual({
      configDir: '/conf',
      stateDir: resolve('state'),
      wasmDir: '/w',
      socketPath: resolve('state/vaned.sock'),
    })
    expect(toPaths('/conf', await settingsOf('VANE_MGMT_UNIX=m.sock'), {}).socketPath).toBe(resolve('m.sock'))
  })
})

describe('what the engine is given', () => {
  it('comes from the variables, in its own units', async () => {
    const settings = await settingsOf(
      'VANE_BIND_IPV6=0\nVANE_BIND_MAX_ATTEMPTS=3\nVANE_BOOT_HEALTH_TIMEOUT_SECS=7\nVANE_SEC_HEADER_TIMEOUT=9s\nVANE_DRAIN_TIMEOUT_SECS=4\nVANE_SEC_MAX_CONN_PER_IP=50\nVANE_SEC_EXEMPT_LOOPBACK=0\n',
    )
    expect(toBindOptions(settings)).toEqual({
      ipv4: true,
      ipv6: false,
      maxAttempts: 3,
      backoffInitialMs: 100,
      backoffMaxMs: 5_000,
      deadlineMs: 7_000,
    })
    expect(toEngineLimits(settings)).toMatchObject({
      headerTimeoutMs: 9_000,
      drainTimeoutMs: 4_000,
      maxHeadersCount: 100,
      maxConnPerIp: 50,
      exemptLoopback: false,
    })
  })
})

describe('idleVariables', () => {
  it('names what is set and has no effect', async () => {
    expect(idleVariables(await settingsOf(''))).toEqual([])
    expect(
      idleVariables(await settingsOf('VANE_THREADS=2\nVANE_WASM_MAX_MEMORY_MB=64\nVANE_SEC_MAX_TOTAL_CONNS=2000')),
    ).toEqual(['VANE_THREADS', 'VANE_WASM_MAX_MEMORY_MB'])
  })
})
