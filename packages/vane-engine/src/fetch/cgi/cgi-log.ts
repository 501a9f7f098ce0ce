import { stripVTControlCharacters } from 'node:util'
import type { Logger } from 'vane-core'
import { TokenBuckets } from '../../floor/token-buckets.ts'

const MAX_LINE_BYTES = 1_024
const MAX_LINES_PER_SECOND = 100

/** Takes what programs write to standard error into the log: so many lines in a second of all together, and none too long. */
export class CgiLog {
  readonly #logger: Logger
  readonly #budget = new TokenBuckets({
    rate: MAX_LINES_PER_SECOND,
    burst: MAX_LINES_PER_SECOND,
    windowMs: 1_000,
    maxKeys: 1,
  })
  #dropped = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Makes the receiver of one program's standard error. @param program its path. */
  open(program: string, connectionId: string): { write(chunk: Uint8Array): void; end(): void } {
    let line = ''
    const finish = (): void => {
      if (line !== '') this.#log(line, { program, connectionId })
      line = ''
    }
    return {
      write: (chunk) => {
        const [first = '', ...others] = Buffer.from(chunk).toString('utf8').split('\n')
        line = (line + first).slice(0, MAX_LINE_BYTES)
        for (const other of others) {
          finish()
          line = other.slice(0, MAX_LINE_BYTES)
        }
      },
      end: finish,
    }
  }

  #log(line: string, fields: { readonly program: string; readonly connectionId: string }): void {
    if (this.#budget.take('', performance.now()) > 0) {
      this.#dropped++
      return
    }
    const dropped = this.#dropped
    this.#dropped = 0
    // A program's words must not move the cursor of whoever reads the log.
    const text = stripVTControlCharacters(line).replace(/\p{Cc}/gu, '\u{fffd}')
    this.#logger.warn({ ...fields, ...(dropped === 0 ? {} : { dropped }) }, `CGI program: ${text}`)
  }
}
