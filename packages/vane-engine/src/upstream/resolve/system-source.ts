import { ADDRCONFIG, type LookupAddress, promises } from 'node:dns'
import { errorCode } from '../../config/io-error.ts'
import { NameFailure } from './name-failure.ts'
import { MAX_ADDRESSES_PER_FAMILY, type NameAnswer, type NameSource, type ResolvedAddress } from './name-source.ts'

/** The system does not say how long its answers hold. Short, since the system may answer from a file or a cache of its own. */
const TTL_MS = 5_000
/** How long it may take; below the 5 s after which connecting is given up where rules say nothing else. */
const LOOKUP_MS = 4_000

/** Finds names as every program on the machine does: `/etc/hosts`, `nsswitch.conf`, `resolv.conf`. */
export class SystemSource implements NameSource {
  /** Questions that are with the system. They cannot be taken back, so the same one is not asked again meanwhile. */
  readonly #running = new Map<string, Promise<LookupAddress[]>>()

  lookUp(host: string, signal: AbortSignal): Promise<NameAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<NameAnswer>()
    const timer = setTimeout(() => {
      reject(new NameFailure(`the system's resolver did not answer within ${LOOKUP_MS} ms`, false))
    }, LOOKUP_MS)
    const onAbort = (): void => reject(new NameFailure('nobody waits for the name any more', false))
    signal.addEventListener('abort', onAbort, { once: true })
    this.#ask(host)
      .then(toAnswer, (error: unknown) => {
        throw toFailure(error)
      })
      .then(resolve, reject)
    return promise.finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    })
  }

  #ask(host: string): Promise<LookupAddress[]> {
    const running = this.#running.get(host)
    if (running !== undefined) return running
    const question = promises.lookup(host, { all: true, order: 'verbatim', hints: ADDRCONFIG }).finally(() => {
      this.#running.delete(host)
    })
    this.#running.set(host, question)
    return question
  }
}

function toAnswer(found: readonly LookupAddress[]): NameAnswer {
  const kept = (family: 4 | 6): ResolvedAddress[] =>
    found.filter((each) => each.family === family).slice(0, MAX_ADDRESSES_PER_FAMILY) as ResolvedAddress[]
  // The system has put first what this machine can reach best.
  const addresses = found[0]?.family === 4 ? [...kept(4), ...kept(6)] : [...kept(6), ...kept(4)]
  if (addresses.length === 0) throw new NameFailure("the system's resolver found no address", true)
  return { addresses, ttlMs: TTL_MS }
}

function toFailure(error: unknown): NameFailure {
  const code = errorCode(error) ?? ''
  const isDenied = code === 'ENOTFOUND'
  const what = isDenied ? 'knows no such name' : code === 'EAI_AGAIN' ? 'found no name server that answers' : 'failed'
  return new NameFailure(`the system's resolver ${what} (${code})`, isDenied, error)
}
