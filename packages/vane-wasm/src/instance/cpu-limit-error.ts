/** A call that used up its CPU time. */
export class CpuLimitError extends Error {
  override readonly name = 'CpuLimitError'

  constructor(limitMs: number) {
    super(`cpu limit of ${limitMs} ms exceeded`)
  }
}
