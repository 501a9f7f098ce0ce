import { randomBytes } from 'node:crypto'

import type { WasiFunctions, WasiHost } from './wasi-host.ts'

const MAX_RANDOM_BYTES = 65_536

/** `wasi:random/random` and `insecure`: the system's generator, with the limit of `vane:host/host.random`. */
export function createRandom(host: WasiHost): WasiFunctions {
  const bytes = (length: unknown): Uint8Array => {
    if (typeof length !== 'bigint') return host.trap('asked for random bytes without a length')
    if (length > MAX_RANDOM_BYTES) {
      return host.trap(`asked for ${length} random bytes at once, more than the limit of ${MAX_RANDOM_BYTES}`)
    }
    return new Uint8Array(randomBytes(Number(length)))
  }
  return {
    'get-random-bytes': bytes,
    'get-random-u64': randomU64,
    'get-insecure-random-bytes': bytes,
    'get-insecure-random-u64': randomU64,
  }
}

/** `wasi:random/insecure-seed`. */
export const INSECURE_SEED: WasiFunctions = { 'insecure-seed': () => [randomU64(), randomU64()] }

function randomU64(): bigint {
  return randomBytes(8).readBigUInt64LE()
}
