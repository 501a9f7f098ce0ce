import { execFileSync, spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The Chromium that there is; `undefined` where there is none. */
export const BROWSER: string | undefined = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

/** Nothing that it does by itself, and no HTTP/3. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Opens a page until the test is over. What comes of it the page itself has to tell, to a server of the test.
 *
 * @param certificate PEM, which is to be trusted whoever signed it.
 */
export function openPage(url: string, certificate?: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'vane-browser-'))
  const trusted = certificate === undefined ? [] : [`--ignore-certificate-errors-spki-list=${toSpkiHash(certificate)}`]
  // A group of its own: it is many processes.
  const child = spawn(BROWSER ?? 'chromium', [...FLAGS, ...trusted, `--user-data-dir=${profile}`, url], {
    detached: true,
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })
}

function toSpkiHash(certificate: string): string {
  const { publicKey } = new X509Certificate(certificate)
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}
