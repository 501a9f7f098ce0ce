/**
 * Header fields of one message: keeps wire order, repeats and the spelling of names, and finds by lower-case name.
 *
 * Every `name` parameter is expected in lower case; that is the caller's part, so that the hot path folds no case twice.
 */
export class HeaderList {
  /** `[name, value, name, value, …]` as received. */
  #pairs: string[]
  /** Lower-case names, index for index with the pairs; made when first asked for. */
  #lowerNames: string[] | undefined

  /** @param pairs `[name, value, …]`; the list takes it over and the caller must not touch it again. */
  constructor(pairs: string[] = []) {
    this.#pairs = pairs
  }

  /** Makes a list from `[name, value]` entries. */
  static from(entries: Iterable<readonly [name: string, value: string]>): HeaderList {
    const pairs: string[] = []
    for (const [name, value] of entries) pairs.push(name, value)
    return new HeaderList(pairs)
  }

  /** How many fields there are, repeats counted. */
  get size(): number {
    return this.#pairs.length >> 1
  }

  #names(): string[] {
    if (this.#lowerNames === undefined) {
      const names = new Array<string>(this.size)
      for (let i = 0; i < names.length; i++) names[i] = this.#pairs[i << 1]!.toLowerCase()
      this.#lowerNames = names
    }
    return this.#lowerNames
  }

  /** First value of a field, `undefined` where it is absent. */
  get(name: string): string | undefined {
    const index = this.#names().indexOf(name)
    return index === -1 ? undefined : this.#pairs[(index << 1) + 1]
  }

  /** All values of a field in wire order. */
  getAll(name: string): string[] {
    const names = this.#names()
    const values: string[] = []
    for (let i = 0; i < names.length; i++) if (names[i] === name) values.push(this.#pairs[(i << 1) + 1]!)
    return values
  }

  has(name: string): boolean {
    return this.#names().includes(name)
  }

  /** Adds a field at the end, beside any of the same name. */
  append(name: string, value: string): void {
    this.#pairs.push(name, value)
    this.#lowerNames?.push(name.toLowerCase())
  }

  /** Makes `value` the only one of the field. */
  set(name: string, value: string): void {
    this.delete(name)
    this.append(name, value)
  }

  /** Removes every field of that name. */
  delete(name: string): void {
    if (this.has(name)) this.filter((candidate) => candidate !== name)
  }

  /** Keeps the fields for which `keep` answers true. */
  filter(keep: (lowerName: string, value: string) => boolean): void {
    const names = this.#names()
    const pairs = this.#pairs
    let kept = 0
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      if (!keep(name, pairs[(i << 1) + 1]!)) continue
      pairs[kept << 1] = pairs[i << 1]!
      pairs[(kept << 1) + 1] = pairs[(i << 1) + 1]!
      names[kept++] = name
    }
    pairs.length = kept << 1
    names.length = kept
  }

  /** Calls `visit` for each field in wire order. */
  forEach(visit: (lowerName: string, value: string, wireName: string) => void): void {
    const names = this.#names()
    for (let i = 0; i < names.length; i++) visit(names[i]!, this.#pairs[(i << 1) + 1]!, this.#pairs[i << 1]!)
  }

  /** `[name, value, …]` in wire order and spelling: the list's own storage, to be read only. */
  rawPairs(): readonly string[] {
    return this.#pairs
  }

  clone(): HeaderList {
    return new HeaderList(this.#pairs.slice())
  }
}
