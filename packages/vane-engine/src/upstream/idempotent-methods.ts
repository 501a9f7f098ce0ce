/** Methods whose repetition is harmless (RFC 9110 §9.2.2), of those that are let through: transports repeat them by themselves. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])
