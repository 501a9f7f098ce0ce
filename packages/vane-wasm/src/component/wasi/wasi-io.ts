import { WasiFailure } from './wasi-host.ts'

/** `wasi:io/error.error`. Nothing here makes one. */
export class IoError {
  toDebugString(): string {
    return 'closed'
  }
}

/** `wasi:io/poll.pollable`: always ready, since nothing a plugin could wait for exists. */
export class Pollable {
  ready(): boolean {
    return true
  }

  block(): void {}
}

/** `wasi:io/poll.poll`. */
export function poll(pollables: readonly unknown[]): number[] {
  return pollables.map((_, index) => index)
}

/** `wasi:io/streams.input-stream`: at its end from the beginning. */
export class InputStream {
  read(): never {
    throw new WasiFailure({ tag: 'closed' })
  }

  blockingRead(): never {
    return this.read()
  }

  skip(): never {
    return this.read()
  }

  blockingSkip(): never {
    return this.read()
  }

  subscribe(): Pollable {
    return new Pollable()
  }
}

const MAX_WRITE_BYTES = 4096n

/** `wasi:io/streams.output-stream`: hands what is written to a function. */
export class OutputStream {
  // Not private: the glue may look at the object through another of the same prototype.
  sink: (bytes: Uint8Array) => void

  constructor(sink: (bytes: Uint8Array) => void = () => {}) {
    this.sink = sink
  }

  checkWrite(): bigint {
    return MAX_WRITE_BYTES
  }

  write(bytes: Uint8Array): void {
    this.sink(bytes)
  }

  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.sink(bytes)
  }

  flush(): void {}

  blockingFlush(): void {}

  writeZeroes(): void {}

  blockingWriteZeroesAndFlush(): void {}

  splice(): bigint {
    return 0n
  }

  blockingSplice(): bigint {
    return 0n
  }

  subscribe(): Pollable {
    return new Pollable()
  }
}
