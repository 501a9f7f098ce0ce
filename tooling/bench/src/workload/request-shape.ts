/** Where one request goes. */
export interface RequestTarget {
  readonly path: string
  /** Sent as `Host`; undefined for that of the URL. */
  readonly host?: string
}

/** What the load generators send, over and over. */
export interface RequestShape {
  readonly method: 'GET' | 'POST'
  /** Taken in turn. */
  readonly targets: readonly RequestTarget[]
  /** In this order, after `Host`. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Length of the request's body; 0 for none. */
  readonly bodyBytes: number
}

/** Writes the head of a request to one of the targets; the body is for the caller to append. */
export function formatRequestHead(shape: RequestShape, target: RequestTarget, urlHost: string): string {
  const length = shape.bodyBytes === 0 ? [] : [`Content-Length: ${shape.bodyBytes}`]
  return [
    `${shape.method} ${target.path} HTTP/1.1`,
    `Host: ${target.host ?? urlHost}`,
    ...shape.headers.map(([name, value]) => `${name}: ${value}`),
    ...length,
    '\r\n',
  ].join('\r\n')
}

/** Writes one whole request to each of the targets. */
export function formatRequests(shape: RequestShape, urlHost: string): Buffer[] {
  const body = Buffer.alloc(shape.bodyBytes, 'x')
  return shape.targets.map((target) => Buffer.concat([Buffer.from(formatRequestHead(shape, target, urlHost)), body]))
}
