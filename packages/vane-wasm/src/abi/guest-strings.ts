import { AbiError } from './abi-error.ts'
import type { GuestMemory } from './guest-memory.ts'

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Longer strings are worth a call of the engine's own decoder. */
const SHORT_LIFT = 24

/** In a string that is Latin-1 or UTF-16, the topmost bit of its length tells UTF-16. */
const UTF16_TAG = 0x8000_0000

/** Copies a string out. @param length in bytes or units, as the guest gave it; not negative. */
export function liftString(guest: GuestMemory, pointer: number, length: number): string {
  switch (guest.encoding) {
    case 'utf8':
      return liftUtf8(guest, pointer, length)
    case 'utf16':
      return liftUtf16(guest, pointer, length)
    case 'latin1+utf16':
      return length >= UTF16_TAG ? liftUtf16(guest, pointer, length - UTF16_TAG) : liftLatin1(guest, pointer, length)
  }
}

function liftUtf8(guest: GuestMemory, pointer: number, length: number): string {
  const start = guest.spanAt(pointer, length, 1)
  const { bytes } = guest
  if (length >= SHORT_LIFT) return decodeUtf8(bytes, start, length)
  // Most strings are short and ASCII, where a decoder costs more than the string.
  let text = ''
  for (let i = start; i < start + length; i++) {
    const byte = bytes[i]!
    if (byte >= 0x80) return decodeUtf8(bytes, start, length)
    text += String.fromCharCode(byte)
  }
  return text
}

function decodeUtf8(bytes: Uint8Array, start: number, length: number): string {
  try {
    return STRICT_UTF8.decode(bytes.subarray(start, start + length))
  } catch (error) {
    throw new AbiError('a string that is not UTF-8', { cause: error })
  }
}

function liftLatin1(guest: GuestMemory, pointer: number, length: number): string {
  const start = guest.spanAt(pointer, length, 2)
  return Buffer.from(guest.bytes.buffer, start, length).toString('latin1')
}

function liftUtf16(guest: GuestMemory, pointer: number, units: number): string {
  const start = guest.spanAt(pointer, units * 2, 2)
  const text = Buffer.from(guest.bytes.buffer, start, units * 2).toString('utf16le')
  if (!text.isWellFormed()) throw new AbiError('a string that is not UTF-16')
  return text
}
