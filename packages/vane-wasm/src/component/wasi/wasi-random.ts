import { randomBytes } from 'node:crypto'

import type { WasiHost } from './wasi-host.ts'

const MAX_RANDOM_BYTES = 65_536

/** `wasi:random/random` and `insecure`: the system's generator, with the limit of `vane:host/host.random`. */
export function createRandom(host: WasiHost): object {
  const bytes = (length: bigint): Uint8Array => {
    if (length > MAX_RANDOM_BYTES)
      host.trap(`asked for ${length} random bytes at once, more than the limit of ${MAX_RANDOM_BYTES}`)
    return new Uint8Array(randomBytes(Number(length)))
  }
  return {
    getRandomBytes: bytes,
    getRandomU64: randomU64,
    getInsecureRandomBytes: bytes,
    getInsecureRandomU64: randomU64,
  }
}

/** `wasi:random/insecure-seed`. */
export function createInsecureSeed(): object {
  return { insecureSeed: () => [randomU64(), randomU64()] }
}

function randomU64(): bigint {
  return randomBytes(8).readBigUInt64LE()
}
