// From classes to the canonical ABI's memory layout.
import { Decision, Header, L7RequestDecision, L7ResponseDecision, Metadata } from './types'

// Nothing refers to what is allocated here. The minimal runtime collects only when it is told to, and `finish` tells it when
// the host has read everything. It does not clear what it hands out, and an option or a variant that is not written must be 0.
export function allocate(size: i32): usize {
  const ptr = __new(size, idof<ArrayBuffer>())
  memory.fill(ptr, 0, size)
  return ptr
}

/** `cabi_realloc`: room for what the host hands over. */
export function reallocate(old: usize, oldSize: i32, align: i32, size: i32): usize {
  const ptr = allocate(size)
  if (old) memory.copy(ptr, old, min(oldSize, size))
  return ptr
}

/** Post-return: everything but what globals refer to is garbage. */
export function finish(): void {
  __collect()
}

export function lowerMetadata(metadata: Metadata): usize {
  const exports = metadata.exports
  const list = allocate(24 * exports.length)
  for (let i = 0; i < exports.length; i++) {
    const item = exports[i]
    const at = list + 24 * i
    storeString(at, item.name)
    store<u8>(at + 8, item.kind)
    store<u8>(at + 9, item.stateless)
    store<u8>(at + 10, item.needsBody)
    storeStrings(at + 12, item.inspects)
    store<u8>(at + 20, 0)
  }
  const ptr = allocate(32)
  storeString(ptr, metadata.name)
  storeString(ptr + 8, metadata.version)
  storeString(ptr + 16, '0.1.0')
  storeRun(ptr + 24, list, exports.length)
  return ptr
}

export function lowerDecision(decision: Decision): usize {
  const ptr = allocate(36)
  if (!decision.failed) {
    store<u8>(ptr + 4, decision.tag)
    return ptr
  }
  store<u8>(ptr, 1)
  storeString(ptr + 4, decision.code)
  storeString(ptr + 12, decision.message)
  const hint = decision.hint
  if (hint !== null) {
    store<u8>(ptr + 20, 1)
    storeString(ptr + 24, hint)
  }
  return ptr
}

export function lowerRequestDecision(decision: L7RequestDecision): usize {
  const ptr = lowerDecision(decision)
  if (decision.failed || decision.tag != 1) return ptr
  store<u16>(ptr + 8, decision.status)
  storeHeaders(ptr + 12, decision.headers)
  storeRun(ptr + 20, changetype<usize>(decision.body), decision.body.byteLength)
  return ptr
}

export function lowerResponseDecision(decision: L7ResponseDecision): usize {
  const ptr = lowerDecision(decision)
  if (decision.failed || decision.tag != 1) return ptr
  if (decision.status) {
    store<u8>(ptr + 8, 1)
    store<u16>(ptr + 10, decision.status)
  }
  const headers = decision.headers
  if (headers !== null) {
    store<u8>(ptr + 12, 1)
    storeHeaders(ptr + 16, headers)
  }
  const body = decision.body
  if (body !== null) {
    store<u8>(ptr + 24, 1)
    storeRun(ptr + 28, changetype<usize>(body), body.byteLength)
  }
  return ptr
}

export function storeString(at: usize, text: string): void {
  const bytes = String.UTF8.encode(text)
  storeRun(at, changetype<usize>(bytes), bytes.byteLength)
}

export function storeRun(at: usize, ptr: usize, len: i32): void {
  store<usize>(at, ptr)
  store<i32>(at + 4, len)
}

export function storeHeaders(at: usize, headers: Header[]): void {
  const list = allocate(16 * headers.length)
  for (let i = 0; i < headers.length; i++) {
    storeString(list + 16 * i, headers[i].name)
    storeString(list + 16 * i + 8, headers[i].value)
  }
  storeRun(at, list, headers.length)
}

function storeStrings(at: usize, strings: string[]): void {
  const list = allocate(8 * strings.length)
  for (let i = 0; i < strings.length; i++) storeString(list + 8 * i, strings[i])
  storeRun(at, list, strings.length)
}
