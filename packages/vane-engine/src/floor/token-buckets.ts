/** What token buckets are made of. */
export interface TokenBucketOptions {
  /** Tokens that come back in each window. */
  readonly rate: number
  /** Tokens a bucket holds at most, and at first. */
  readonly burst: number
  readonly windowMs: number
  /** Buckets that are kept at most. */
  readonly maxKeys: number
}

/**
 * Token buckets by key. An interface, so that several threads can one day ask the same ones.
 *
 * Keys are kept: they should be short, and hold on to nothing larger.
 */
export interface BucketStore {
  /**
   * Takes a token.
   *
   * @param nowMs of a clock that never goes back.
   * @returns 0 where there was one, else milliseconds until there is one.
   */
  take(key: string, nowMs: number): number
  /** How many buckets are kept now. */
  readonly size: number
}

/** A bucket, and its place in the order of last use. */
interface Bucket {
  readonly key: string
  tokens: number
  /** When `tokens` was true. */
  atMs: number
  older: Bucket | undefined
  newer: Bucket | undefined
}

/** Stale buckets that a new one may clear away: more than it adds, so that the table shrinks when a flood is over. */
const SWEPT_PER_NEW_KEY = 2

/** Sums of fractions miss whole numbers by a little: without this, the token that is due now would come a little later. */
const ROUNDING = 1e-9

/**
 * Token buckets in this thread's memory: every operation takes constant time, and however many keys there are, `maxKeys`
 * buckets are the most that is kept.
 *
 * A bucket that has filled up again says no more than one that does not exist, and goes first. Where all are in use the
 * one that was asked longest ago goes: whoever is over the limit and goes on asking stays over it.
 */
export class TokenBuckets implements BucketStore {
  /** For look-ups only. The order of use is a list of its own: a `Map` finds its first key in linear time after deletions. */
  readonly #buckets = new Map<string, Bucket>()
  readonly #burst: number
  readonly #tokensPerMs: number
  readonly #maxKeys: number
  #oldest: Bucket | undefined
  #newest: Bucket | undefined

  constructor({ rate, burst, windowMs, maxKeys }: TokenBucketOptions) {
    this.#burst = burst
    this.#tokensPerMs = rate / windowMs
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#buckets.size
  }

  take(key: string, nowMs: number): number {
    const bucket = this.#buckets.get(key) ?? this.#add(key, nowMs)
    if (bucket !== this.#newest) {
      this.#unlink(bucket)
      this.#append(bucket)
    }
    bucket.tokens = this.#tokensAt(bucket, nowMs)
    bucket.atMs = nowMs
    if (bucket.tokens < 1 - ROUNDING) return (1 - bucket.tokens) / this.#tokensPerMs
    bucket.tokens = Math.max(0, bucket.tokens - 1)
    return 0
  }

  #add(key: string, nowMs: number): Bucket {
    for (let swept = 0; swept < SWEPT_PER_NEW_KEY; swept++) {
      const oldest = this.#oldest
      if (oldest === undefined) break
      const isFull = this.#tokensAt(oldest, nowMs) >= this.#burst
      if (!isFull && this.#buckets.size < this.#maxKeys) break
      this.#unlink(oldest)
      this.#buckets.delete(oldest.key)
    }
    const bucket: Bucket = { key, tokens: this.#burst, atMs: nowMs, older: undefined, newer: undefined }
    this.#buckets.set(key, bucket)
    this.#append(bucket)
    return bucket
  }

  #append(bucket: Bucket): void {
    const newest = this.#newest
    bucket.older = newest
    bucket.newer = undefined
    if (newest === undefined) this.#oldest = bucket
    else newest.newer = bucket
    this.#newest = bucket
  }

  #unlink({ older, newer }: Bucket): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #tokensAt({ tokens, atMs }: Bucket, nowMs: number): number {
    return Math.min(this.#burst, tokens + Math.max(0, nowMs - atMs) * this.#tokensPerMs)
  }
}
