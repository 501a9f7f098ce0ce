import { AbiError } from './abi-error.ts'
import type { GuestMemory } from './guest-memory.ts'

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const UTF8 = new TextEncoder()

/** Longer strings are worth a call of the engine's own decoder, or encoder. */
const SHORT_LIFT = 24
const SHORT_LOWER = 128

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

/** Copies a string in; answers where, and leaves its length in `guest.loweredLength`. */
export function lowerString(guest: GuestMemory, text: string): number {
  return guest.encoding === 'utf8' ? lowerUtf8(guest, text) : lowerUtf16(guest, text)
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

function lowerUtf8(guest: GuestMemory, text: string): number {
  const { length } = text
  const pointer = guest.allocate(length, 1)
  const written = length < SHORT_LOWER ? writeAscii(guest.bytes, pointer, text) : encodeAt(guest.bytes, pointer, text)
  guest.loweredLength = length
  return written ? pointer : lowerWideUtf8(guest, pointer, text)
}

/** Writes a string byte by byte; answers false where it is not ASCII. */
function writeAscii(bytes: Uint8Array, pointer: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return false
    bytes[pointer + i] = unit
  }
  return true
}

/** Writes as much of a string as there is room for a byte a unit; answers whether that was all of it. */
function encodeAt(bytes: Uint8Array, pointer: number, text: string): boolean {
  return UTF8.encodeInto(text, bytes.subarray(pointer, pointer + text.length)).read === text.length
}

/** Lone surrogates become U+FFFD, in the length as in the bytes. */
function lowerWideUtf8(guest: GuestMemory, pointer: number, text: string): number {
  const size = Buffer.byteLength(text)
  const moved = guest.reallocate(pointer, text.length, { size, align: 1 })
  UTF8.encodeInto(text, guest.bytes.subarray(moved, moved + size))
  guest.loweredLength = size
  return moved
}

function lowerUtf16(guest: GuestMemory, text: string): number {
  const wellFormed = text.toWellFormed()
  const pointer = guest.allocate(wellFormed.length * 2, 2)
  Buffer.from(guest.bytes.buffer, pointer, wellFormed.length * 2).write(wellFormed, 'utf16le')
  guest.loweredLength = guest.encoding === 'utf16' ? wellFormed.length : wellFormed.length + UTF16_TAG
  return pointer
}
