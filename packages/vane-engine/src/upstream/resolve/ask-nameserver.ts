import { promises } from 'node:dns'
import { errorCode } from '../../config/io-error.ts'
import { NameFailure } from './name-failure.ts'
import { MAX_ADDRESSES_PER_FAMILY, type NameAnswer, type ResolvedAddress } from './name-source.ts'

/** How long one try takes; a datagram may get lost. */
const TIMEOUT_MS = 1_000
const TRIES = 3
/** How long the answer for one family waits for that for the other: some servers never answer questions for IPv6 addresses. */
const OTHER_FAMILY_MS = 200

/** What came of the question for one family. */
interface FamilyOutcome {
  readonly addresses: readonly ResolvedAddress[]
  /** Seconds. */
  readonly ttl: number
  /** Absent where there are addresses. */
  readonly code?: string
}

/**
 * Asks one name server for the addresses of a name, IPv4 and IPv6 at once.
 *
 * Each call has a channel of its own, and with it sockets of its own on other ports: one that has seen quick answers would
 * not wait for a slow one, and one that is shared could not be told to forget a single question.
 *
 * @throws NameFailure where it has none.
 */
export async function askNameserver(server: string, host: string, signal: AbortSignal): Promise<NameAnswer> {
  const resolver = new promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES, maxTimeout: TIMEOUT_MS })
  resolver.setServers([server])
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const outcomes = await settleBoth([
      toOutcome(resolver.resolve6(host, { ttl: true }), 6),
      toOutcome(resolver.resolve4(host, { ttl: true }), 4),
    ])
    return combine(outcomes, server)
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

async function toOutcome(
  question: Promise<readonly { readonly address: string; readonly ttl: number }[]>,
  family: 4 | 6,
): Promise<FamilyOutcome> {
  try {
    const records = (await question).slice(0, MAX_ADDRESSES_PER_FAMILY)
    // An answer that holds aliases alone is none.
    if (records.length === 0) return { addresses: [], ttl: 0, code: 'ENODATA' }
    const addresses = records.map(({ address }) => ({ address, family }))
    return { addresses, ttl: Math.min(...records.map(({ ttl }) => ttl)) }
  } catch (error) {
    return { addresses: [], ttl: 0, code: errorCode(error) ?? String(error) }
  }
}

/** What both came to, or the first that has addresses where the other takes much longer. IPv6 stands first. */
function settleBoth(questions: readonly [Promise<FamilyOutcome>, Promise<FamilyOutcome>]): Promise<FamilyOutcome[]> {
  return new Promise((resolve) => {
    const outcomes: FamilyOutcome[] = []
    let timer: NodeJS.Timeout | undefined
    const finish = (): void => {
      clearTimeout(timer)
      resolve(outcomes.filter((outcome) => outcome !== undefined))
    }
    let missing = questions.length
    for (const [index, question] of questions.entries()) {
      void question.then((outcome) => {
        outcomes[index] = outcome
        if (--missing === 0) finish()
        else if (outcome.addresses.length > 0) timer = setTimeout(finish, OTHER_FAMILY_MS)
      })
    }
  })
}

function combine(outcomes: readonly FamilyOutcome[], server: string): NameAnswer {
  const good = outcomes.filter(({ addresses }) => addresses.length > 0)
  if (good.length > 0) {
    return {
      addresses: good.flatMap(({ addresses }) => addresses),
      ttlMs: Math.min(...good.map(({ ttl }) => ttl)) * 1_000,
    }
  }
  const codes = outcomes.map(({ code }) => code ?? '')
  const worst = codes.find((code) => !DENIALS.has(code)) ?? codes.find((code) => code === 'ENOTFOUND') ?? 'ENODATA'
  throw new NameFailure(`name server ${server} ${MEANING[worst] ?? 'failed'} (${worst})`, DENIALS.has(worst))
}

/** What a server says of a name that has no address. Everything else is a server that does not say. */
const DENIALS: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

const MEANING: Readonly<Record<string, string>> = {
  ENOTFOUND: 'says that there is no such name',
  ENODATA: 'says that the name has no address',
  ESERVFAIL: 'failed to find out',
  EREFUSED: 'refused to answer',
  ENOTIMP: 'does not answer such questions',
  EFORMERR: 'did not understand the question',
  EBADRESP: 'sent an answer that is no valid DNS',
  EBADNAME: 'cannot be asked for what is no valid name',
  ETIMEOUT: 'did not answer',
  ECONNREFUSED: 'cannot be reached',
}
