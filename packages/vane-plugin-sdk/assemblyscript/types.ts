// The contract's records as AssemblyScript classes. AssemblyScript has no exceptions: a handler reports a failure with
// `.error(code, message, hint)`.

export enum Kind {
  L4Peek,
  L4Bytes,
  L7Request,
  L7Response,
}

export class Export {
  stateless: bool = true
  needsBody: bool = false
  inspects: string[] = []
  constructor(
    public name: string,
    public kind: Kind,
  ) {}
}

export class Metadata {
  constructor(
    public name: string,
    public version: string,
    public exports: Export[],
  ) {}
}

export class Header {
  constructor(
    public name: string,
    public value: string,
  ) {}
}

export enum ContextTag {
  Text,
  Bytes,
  Int64,
  Uint64,
  Boolean,
  ListText,
}

/** One path that the export inspects. Of the values only the one that `tag` names is set. */
export class ContextEntry {
  text: string = ''
  bytes: Uint8Array = new Uint8Array(0)
  integer: i64 = 0
  boolean: bool = false
  list: string[] = []
  constructor(
    public path: string,
    public tag: ContextTag,
  ) {}
}

/** The entry of a path, or null when the export does not inspect it. */
export function getContext(context: ContextEntry[], path: string): ContextEntry | null {
  for (let i = 0; i < context.length; i++) {
    if (context[i].path == path) return context[i]
  }
  return null
}

export class Body {
  constructor(
    public data: Uint8Array,
    public truncated: bool,
  ) {}
}

export class L4PeekInput {
  constructor(
    public peek: Uint8Array,
    public context: ContextEntry[],
  ) {}
}

export class L4BytesInput {
  constructor(
    public bytes: Body,
    public context: ContextEntry[],
  ) {}
}

export class L7RequestInput {
  constructor(
    public method: string,
    public uri: string,
    public headers: Header[],
    public body: Body | null,
    public context: ContextEntry[],
  ) {}
}

export class L7ResponseInput {
  constructor(
    public status: i32,
    public headers: Header[],
    public body: Body | null,
    public context: ContextEntry[],
  ) {}
}

/** What all decisions have in common: the case's place in the variant, or the failure. */
export class Decision {
  failed: bool = false
  code: string = ''
  message: string = ''
  hint: string | null = null
  constructor(public tag: u8) {}
}

function failed<T extends Decision>(decision: T, code: string, message: string, hint: string | null): T {
  decision.failed = true
  decision.code = code
  decision.message = message
  decision.hint = hint
  return decision
}

export class L4PeekDecision extends Decision {
  static pass(): L4PeekDecision {
    return new L4PeekDecision(0)
  }
  static close(): L4PeekDecision {
    return new L4PeekDecision(1)
  }
  static error(code: string, message: string, hint: string | null = null): L4PeekDecision {
    return failed(new L4PeekDecision(0), code, message, hint)
  }
}

export class L4BytesDecision extends Decision {
  static pass(): L4BytesDecision {
    return new L4BytesDecision(0)
  }
  static tunnel(): L4BytesDecision {
    return new L4BytesDecision(1)
  }
  static close(): L4BytesDecision {
    return new L4BytesDecision(2)
  }
  static error(code: string, message: string, hint: string | null = null): L4BytesDecision {
    return failed(new L4BytesDecision(0), code, message, hint)
  }
}

export class L7RequestDecision extends Decision {
  status: u16 = 0
  headers: Header[] = []
  body: ArrayBuffer = new ArrayBuffer(0)
  /** On to the next step: `continue`, which is no name for a function here. */
  static pass(): L7RequestDecision {
    return new L7RequestDecision(0)
  }
  static short(status: u16, headers: Header[], body: ArrayBuffer): L7RequestDecision {
    const decision = new L7RequestDecision(1)
    decision.status = status
    decision.headers = headers
    decision.body = body
    return decision
  }
  static close(): L7RequestDecision {
    return new L7RequestDecision(2)
  }
  static error(code: string, message: string, hint: string | null = null): L7RequestDecision {
    return failed(new L7RequestDecision(0), code, message, hint)
  }
}

export class L7ResponseDecision extends Decision {
  /** 0 leaves the status as it is. */
  status: u16 = 0
  headers: Header[] | null = null
  body: ArrayBuffer | null = null
  static pass(): L7ResponseDecision {
    return new L7ResponseDecision(0)
  }
  static modify(status: u16, headers: Header[] | null, body: ArrayBuffer | null): L7ResponseDecision {
    const decision = new L7ResponseDecision(1)
    decision.status = status
    decision.headers = headers
    decision.body = body
    return decision
  }
  static abort(): L7ResponseDecision {
    return new L7ResponseDecision(2)
  }
  static error(code: string, message: string, hint: string | null = null): L7ResponseDecision {
    return failed(new L7ResponseDecision(0), code, message, hint)
  }
}
