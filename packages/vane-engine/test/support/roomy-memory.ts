import { BodyMemory } from '../../src/floor/body-memory.ts'

/** Memory for bodies that is enough for whatever a test does. */
export function roomyMemory(): BodyMemory {
  const limits = { maxBufferedBytes: 1e9, maxBufferedBytesPerIp: 1e9, exemptLoopback: true }
  return new BodyMemory(limits, { hit() {} })
}
