import { mapPagesFor } from '../instrument/reset-code.ts'
import { STAGE, type StagedRange } from './stage.ts'

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
  'AGFzbQEAAAABGwRgBH9/f38Bf2ADf39/AX9gA39/fwBgAn9/AAIcBAFtAXIAAAFtAWcCAAABbQFzAgAAAW0BZAIAAAMFBAECAwIHBQEBcAABCuIFBPsDAQ' +
    'h/IAAhAwJAA0AgAyABTw0BIAMoQgEAIQUgAyhCAQQiBgRAQQBBACAGIAUQACEEIAMgBDZCARQgBCAGQQFrcQRAIAMPCyAErSAFrXw/AK1CEIZWBEAgAw8L' +
    'IAMoQgEMIAQ2QgEAIAMoQgEMIAMoQgEINkIBBCADKEIBEEEDRgRAIANBKGohByAHIAVqIQgCQANAIAcgCE8NASAHKEIBBCEFQQBBAEEBIAUQACEEIAStIA' +
    'WtfD8ArUIQhlYEQCADQQE2QgEEIAMgBDZCARQgAw8LIAcgBDZCAQAgB0EIaiEHDAALCwsLIAMoQgEYIQMMAAsLIAAhAwJAA0AgAyABTw0BIAMoQgEAIQUg' +
    'AyhCARQhBCADKEIBEEECRgRAIAQgCSAKakcEQCAJIAIgCmsgChACIAQhCUEAIQoLIAogBWohCiACIAVqIQIFIAkgAiAKayAKEAJBACEKIAMoQgEQBEAgBC' +
    'ADQShqIAUQAgUgBCAFEAMLIAMoQgEQQQNGBEAgA0EoaiEHIAcgBWohCAJAA0AgByAITw0BIAcoQgEEIQUgByhCAQAhBCAEIAkgCmpHBEAgCSACIAprIAoQ' +
    'AiAEIQlBACEKCyAKIAVqIQogAiAFaiECIAdBCGohBwwACwsLCyADKEIBGCEDDAALCyAJIAIgCmsgChACQQALFwAgAkUEQA8LIAAgAhADIAAgASACEAQLNg' +
    'EBfyABRQRADwsgAEEJdiECIAAgAWpBAWtBCXYhAANAIAJBATpAAgAgAkEBaiICIABNDQALC5MBAQF/IAJBgAFLBEAgACABIAL8CgABDwsgAkEITwRAIAEg' +
    'AkEIa2ohAyAAIAJBCGtqIAMpQAEANwAAAkADQCABIANPDQEgACABKUABADcAACABQQhqIQEgAEEIaiEADAALCw8LIAEgAmohAwJAA0AgASADTw0BIAAgAS' +
    '1AAQA6AAAgAUEBaiEBIABBAWohAAwACwsL',
  'base64',
)

const MODULE = new WebAssembly.Module(PLACER_MODULE)

/** Maps of what was written to, by the memories that they are of. */
const MAPS = new WeakMap<object, WebAssembly.Memory>()

/** For memories that nobody puts back, of modules that were not rewritten: large enough for any. */
const UNREAD_MAP = new WebAssembly.Memory({ initial: mapPagesFor(65_536) })

const KNOWN = new WeakMap<WebAssembly.Memory, Map<Realloc | undefined, Placer>>()

/** Tells which map says what was written to a memory. Whatever is not a memory with a map is none. */
export function noteMap(memory: unknown, map: unknown): void {
  if (!(memory instanceof WebAssembly.Memory) || !(map instanceof WebAssembly.Memory) || MAPS.has(memory)) return
  MAPS.set(memory, map)
}

/** Makes the placer for a guest's memory and allocator, or finds it. */
export function placerFor(memory: WebAssembly.Memory, realloc: Realloc | undefined): Placer {
  const ofMemory = KNOWN.get(memory) ?? new Map<Realloc | undefined, Placer>()
  KNOWN.set(memory, ofMemory)
  const known = ofMemory.get(realloc)
  if (known !== undefined) return known
  const map = MAPS.get(memory) ?? UNREAD_MAP
  const imports = { m: { r: realloc ?? cannotAllocate, g: memory, s: STAGE.memory, d: map } }
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
