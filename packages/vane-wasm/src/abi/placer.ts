import type { StagedRange } from './stage.ts'
import { STAGE } from './stage.ts'

/** `cabi_realloc`: (old pointer, old size, alignment, new size) → pointer. */
export type Realloc = (oldPointer: number, oldSize: number, align: number, size: number) => number

/**
 * Has a guest allocate all that is staged, and copies it there.
 *
 * @returns 0, or the head of the value for which the guest answered a place that it cannot have.
 */
export type Placer = (range: StagedRange) => number

/** `placer.wat`, assembled and without its names; its test assembles it again. */
export const PLACER_MODULE: Buffer<ArrayBuffer> = Buffer.from(
  'AGFzbQEAAAABFgNgBH9/f38Bf2ADf39/AX9gA39/fwACFQMBbQFyAAABbQFnAgAAAW0BcwIAAAMDAgECBwUBAXAAAQr7AgLjAQEEfyAAIQMCQA' +
    'NAIAMgAU8NASADKEIBACEFIAMoQgEEIgYEQEEAQQAgBiAFEAAhBCADIAQ2QgEUIAQgBkEBa3EEQCADDwsgBK0gBa18PwCtQhCGVgRAIAMPCyAD' +
    'KEIBDCAENkIBACADKEIBDCADKEIBCDZCAQQLIAMoQgEYIQMMAAsLIAAhAwJAA0AgAyABTw0BIAMoQgEAIQUgAyhCARQhBCADKEIBEEEBRgRAIA' +
    'QgA0EoaiAFEAILIAMoQgEQQQJGBEAgBCACIAUQAiACIAVqIQILIAMoQgEYIQMMAAsLQQALkwEBAX8gAkGAAUsEQCAAIAEgAvwKAAEPCyACQQhP' +
    'BEAgASACQQhraiEDIAAgAkEIa2ogAylAAQA3AAACQANAIAEgA08NASAAIAEpQAEANwAAIAFBCGohASAAQQhqIQAMAAsLDwsgASACaiEDAkADQC' +
    'ABIANPDQEgACABLUABADoAACABQQFqIQEgAEEBaiEADAALCws=',
  'base64',
)

const MODULE = new WebAssembly.Module(PLACER_MODULE)

const KNOWN = new WeakMap<WebAssembly.Memory, Map<Realloc | undefined, Placer>>()

/** Makes the placer for a guest's memory and allocator, or finds it. */
export function placerFor(memory: WebAssembly.Memory, realloc: Realloc | undefined): Placer {
  const ofMemory = KNOWN.get(memory) ?? new Map<Realloc | undefined, Placer>()
  KNOWN.set(memory, ofMemory)
  const known = ofMemory.get(realloc)
  if (known !== undefined) return known
  const imports = { m: { r: realloc ?? cannotAllocate, g: memory, s: STAGE.memory } }
  const place = new WebAssembly.Instance(MODULE, imports).exports['p'] as (
    at: number,
    end: number,
    text: number,
  ) => number
  const placer: Placer = ({ start, end, text }) => place(start, end, text)
  ofMemory.set(realloc, placer)
  return placer
}

function cannotAllocate(): never {
  throw new TypeError('a guest without an allocator was asked to allocate')
}
