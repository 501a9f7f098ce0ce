import { OutputStream } from './wasi-io.ts'

/** `wasi:http/types.fields`: as much as it takes to build a request, so that a plugin learns by a typed error that it is denied. */
export class Fields {
  // Not private: the glue may look at the object through another of the same prototype.
  pairs: (readonly [name: string, value: Uint8Array])[] = []

  static fromList(pairs: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = new Fields()
    fields.pairs = [...pairs]
    return fields
  }

  get(name: string): Uint8Array[] {
    return this.pairs.filter((pair) => pair[0] === name).map((pair) => pair[1])
  }

  has(name: string): boolean {
    return this.pairs.some((pair) => pair[0] === name)
  }

  set(name: string, values: readonly Uint8Array[]): void {
    this.delete(name)
    for (const value of values) this.append(name, value)
  }

  delete(name: string): void {
    this.pairs = this.pairs.filter((pair) => pair[0] !== name)
  }

  append(name: string, value: Uint8Array): void {
    this.pairs.push([name, value])
  }

  entries(): (readonly [string, Uint8Array])[] {
    return this.pairs
  }

  clone(): Fields {
    return Fields.fromList(this.pairs)
  }
}

/** `wasi:http/types.outgoing-body`: swallows what is written. */
export class OutgoingBody {
  static finish(): void {}

  write(): OutputStream {
    return new OutputStream()
  }
}

/** `wasi:http/types.outgoing-request`. */
export class OutgoingRequest {
  fields: Fields

  constructor(fields: Fields = new Fields()) {
    this.fields = fields
  }

  body(): OutgoingBody {
    return new OutgoingBody()
  }

  headers(): Fields {
    return this.fields
  }

  setMethod(): void {}

  setPathWithQuery(): void {}

  setScheme(): void {}

  setAuthority(): void {}
}

/** `wasi:http/types.request-options`. */
export class RequestOptions {
  setConnectTimeout(): void {}

  setFirstByteTimeout(): void {}

  setBetweenBytesTimeout(): void {}
}

/** `wasi:http/types`. Responses and incoming requests never come about. */
export function createHttpTypes(): object {
  return { Fields, OutgoingBody, OutgoingRequest, RequestOptions, httpErrorCode: () => undefined }
}
