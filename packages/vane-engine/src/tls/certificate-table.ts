import { isIP } from 'node:net'

/** Finds what a listener shows to a client that asks for a name: exact names, then wildcards, then the default. */
export class CertificateTable<T> {
  readonly #byName = new Map<string, T>()
  readonly #bySuffix = new Map<string, T>()
  readonly #fallback: T | undefined

  /** @param entries by name, by `*.name`, or by nothing for the default; names in lower case. */
  constructor(entries: Iterable<readonly [sni: string | undefined, entry: T]>) {
    let fallback: T | undefined
    for (const [sni, entry] of entries) {
      if (sni === undefined) fallback = entry
      else if (sni.startsWith('*.')) this.#bySuffix.set(sni.slice(1), entry)
      else this.#byName.set(sni, entry)
    }
    this.#fallback = fallback
  }

  /** What is shown to a client that names nothing it knows, or nothing at all. */
  get fallback(): T | undefined {
    return this.#fallback
  }

  /**
   * Finds the entry for a name: of wildcards the longest, each standing for one or more labels.
   *
   * @param name in lower case, without a dot at its end; an address has no entry but the default, since no client may ask
   *   for one (RFC 6066 §3).
   */
  select(name: string | undefined): T | undefined {
    if (name === undefined || isIP(name) !== 0) return this.#fallback
    const exact = this.#byName.get(name)
    if (exact !== undefined) return exact
    if (this.#bySuffix.size > 0) {
      for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
        // A name that begins with the dot has no label for the star.
        const entry = dot === 0 ? undefined : this.#bySuffix.get(name.slice(dot))
        if (entry !== undefined) return entry
      }
    }
    return this.#fallback
  }
}
