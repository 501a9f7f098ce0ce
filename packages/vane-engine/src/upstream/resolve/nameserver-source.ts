import { askNameserver } from './ask-nameserver.ts'
import { NameFailure } from './name-failure.ts'
import type { NameAnswer, NameSource } from './name-source.ts'

/** How long a server may be silent before the next one is asked as well. */
const NEXT_SERVER_MS = 1_000
/** How long a name may take with all of them; below the 5 s after which connecting is given up where rules say nothing else. */
const LOOKUP_MS = 4_000

/**
 * Asks name servers in their order, beginning with the one that answered last: the next one where one fails, and the next one as
 * well where one is silent. Whoever answers first is believed.
 */
export class NameserverSource implements NameSource {
  readonly #servers: readonly string[]
  #preferred = 0

  /** @param servers addresses, with a port where it is not 53; at least one. */
  constructor(servers: readonly string[]) {
    this.#servers = servers
  }

  lookUp(host: string, signal: AbortSignal): Promise<NameAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<NameAnswer>()
    const servers = this.#servers
    const first = this.#preferred
    const ending = new AbortController()
    const failures: NameFailure[] = []
    let asked = 0
    let nextTimer: NodeJS.Timeout | undefined
    const end = (): void => {
      clearTimeout(nextTimer)
      clearTimeout(lastTimer)
      signal.removeEventListener('abort', onAbort)
      ending.abort()
    }
    const fail = (failure: NameFailure): void => {
      end()
      reject(failure)
    }
    const onAbort = (): void => fail(new NameFailure('nobody waits for the name any more', false))
    const lastTimer = setTimeout(() => {
      const silent = `no answer from ${servers.join(', ')} within ${LOOKUP_MS} ms`
      fail(new NameFailure([silent, ...failures.map(({ message }) => message)].join('; '), false))
    }, LOOKUP_MS)
    const askNext = (): void => {
      clearTimeout(nextTimer)
      if (asked === servers.length || ending.signal.aborted) return
      const index = (first + asked++) % servers.length
      nextTimer = setTimeout(askNext, NEXT_SERVER_MS)
      askNameserver(servers[index]!, host, ending.signal).then(
        (answer) => {
          if (ending.signal.aborted) return
          this.#preferred = index
          end()
          resolve(answer)
        },
        (error: unknown) => {
          if (ending.signal.aborted) return
          const failure = toFailure(error, servers[index]!)
          failures.push(failure)
          if (failure.isDenied) fail(failure)
          else if (failures.length < servers.length) askNext()
          else
            fail(
              failures.length === 1 ? failure : new NameFailure(failures.map((each) => each.message).join('; '), false),
            )
        },
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    askNext()
    return promise
  }
}

function toFailure(error: unknown, server: string): NameFailure {
  return error instanceof NameFailure ? error : new NameFailure(`name server ${server} cannot be asked`, false, error)
}
