// From the canonical ABI's memory layout to classes.
import { Body, ContextEntry, ContextTag, Header } from './types'

export function liftString(ptr: usize, len: i32): string {
  return String.UTF8.decodeUnsafe(ptr, len)
}

export function liftBytes(ptr: usize, len: i32): Uint8Array {
  const bytes = new Uint8Array(len)
  memory.copy(bytes.dataStart, ptr, len)
  return bytes
}

export function liftHeaders(ptr: usize, len: i32): Header[] {
  const headers = new Array<Header>(0)
  for (let i = 0; i < len; i++, ptr += 16) {
    headers.push(new Header(stringAt(ptr), stringAt(ptr + 8)))
  }
  return headers
}

export function liftBody(some: i32, ptr: usize, len: i32, truncated: i32): Body | null {
  return some ? new Body(liftBytes(ptr, len), truncated != 0) : null
}

export function liftContext(ptr: usize, len: i32): ContextEntry[] {
  const entries = new Array<ContextEntry>(0)
  for (let i = 0; i < len; i++, ptr += 24) {
    const tag: i32 = load<u8>(ptr + 8)
    const entry = new ContextEntry(stringAt(ptr), tag)
    const at = ptr + 16
    if (tag == ContextTag.Text) entry.text = stringAt(at)
    else if (tag == ContextTag.Bytes) entry.bytes = liftBytes(load<usize>(at), load<i32>(at + 4))
    else if (tag == ContextTag.Boolean) entry.boolean = load<u8>(at) != 0
    else if (tag == ContextTag.ListText) entry.list = liftStrings(load<usize>(at), load<i32>(at + 4))
    else entry.integer = load<i64>(at)
    entries.push(entry)
  }
  return entries
}

function liftStrings(ptr: usize, len: i32): string[] {
  const strings = new Array<string>(0)
  for (let i = 0; i < len; i++, ptr += 8) strings.push(stringAt(ptr))
  return strings
}

export function stringAt(at: usize): string {
  return liftString(load<usize>(at), load<i32>(at + 4))
}
