/** The value of `Date`, made anew once a second. */
export class HttpDate {
  #second = 0
  #text = ''

  /** Now, as RFC 9110 §5.6.7 writes it. */
  now(): string {
    const second = Math.floor(Date.now() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1_000).toUTCString()
    }
    return this.#text
  }
}
