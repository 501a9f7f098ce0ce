import { hash } from 'node:crypto'

import type { CoreLimits } from '../instrument/core-limits.ts'
import { INSTRUMENTER_VERSION } from '../instrument/instrument.ts'

/** To be raised with every change to how a component is parsed, checked or planned, and to what an entry holds. */
const FORMAT_VERSION = 2

/**
 * Name of a component's cache entry: changes with everything that the entry's content depends on.
 *
 * @param digest SHA-256 of the component, in lower hex.
 */
export function toCacheKey(digest: string, limits: CoreLimits): string {
  const surroundings = JSON.stringify([
    FORMAT_VERSION,
    INSTRUMENTER_VERSION,
    process.versions.v8,
    limits.maxMemoryBytes,
    limits.maxTableElements,
    digest,
  ])
  return hash('sha256', surroundings)
}

/** SHA-256 in lower hex, worked out in another thread: a large component takes its time. */
export async function toDigest(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
}
