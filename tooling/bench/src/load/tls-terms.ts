/** All that the clients of a load offer, so that every proxy agrees to the same: it says how TLS is spoken in the tables. */
export const TLS_TERMS = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  group: 'X25519',
} as const
