import type { SecureContextOptions } from 'node:tls'

/** How TLS is spoken to upstreams. Suites are left to the runtime: an upstream may be older than what clients are offered. */
export const CLIENT_PROFILE: Readonly<SecureContextOptions> = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }
