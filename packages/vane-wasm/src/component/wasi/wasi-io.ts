import { OK, type WasiFunctions, type WasiHost, type WasiResult } from './wasi-host.ts'

/** What handles of `pollable` and `input-stream` stand for, and others of which one is like another. */
export class Inert {}

/** `wasi:io/streams.output-stream`: hands what is written to a function. Keeps nothing itself. */
export class OutputStream {
  readonly write: (bytes: Uint8Array) => void

  constructor(write: (bytes: Uint8Array) => void) {
    this.write = write
  }
}

/** `wasi:io/error`. Nothing here makes one. */
export const IO_ERROR: WasiFunctions = { '[method]error.to-debug-string': () => 'closed' }

/** `wasi:io/poll`: everything is ready at once, since nothing that a plugin could wait for exists. */
export const IO_POLL: WasiFunctions = {
  '[method]pollable.ready': () => true,
  '[method]pollable.block': () => undefined,
  poll: (pollables: unknown) => (Array.isArray(pollables) ? Array.from(pollables.keys()) : []),
}

const MAX_WRITE_BYTES = 4096n
const CLOSED: WasiResult = { tag: 'err', val: { tag: 'closed' } }

/** `wasi:io/streams`: input is at its end from the beginning. */
export function createStreams(host: WasiHost): WasiFunctions {
  const write = (stream: unknown, bytes: unknown): WasiResult => {
    // A component may have a handle of something else, by declaring the function otherwise than WASI does.
    if (!(stream instanceof OutputStream) || !(bytes instanceof Uint8Array)) return host.trap('wrote to no stream')
    // As WASI has it; and a megabyte of line breaks at once is a million lines before anybody looks at the clock.
    if (bytes.length > MAX_WRITE_BYTES) {
      return host.trap(`wrote ${bytes.length} bytes at once, more than the limit of ${MAX_WRITE_BYTES}`)
    }
    stream.write(bytes)
    return OK
  }
  return {
    '[method]input-stream.read': () => CLOSED,
    '[method]input-stream.blocking-read': () => CLOSED,
    '[method]input-stream.skip': () => CLOSED,
    '[method]input-stream.blocking-skip': () => CLOSED,
    '[method]input-stream.subscribe': () => new Inert(),
    '[method]output-stream.check-write': () => ({ tag: 'ok', val: MAX_WRITE_BYTES }),
    '[method]output-stream.write': write,
    '[method]output-stream.blocking-write-and-flush': write,
    '[method]output-stream.flush': () => OK,
    '[method]output-stream.blocking-flush': () => OK,
    '[method]output-stream.write-zeroes': () => OK,
    '[method]output-stream.blocking-write-zeroes-and-flush': () => OK,
    '[method]output-stream.splice': () => ({ tag: 'ok', val: 0n }),
    '[method]output-stream.blocking-splice': () => ({ tag: 'ok', val: 0n }),
    '[method]output-stream.subscribe': () => new Inert(),
  }
}
