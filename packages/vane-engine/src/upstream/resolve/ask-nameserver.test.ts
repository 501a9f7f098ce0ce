import { isIP } from 'node:net'
import fc from 'fast-check'
import { RCODE, type NameQuestion, type NameRecord, type NameReply, startNameServer, toMessage } from 'vane-testkit'
import { expect, test } from 'vitest'
import { askNameserver } from './ask-nameserver.ts'
import { NameFailure } from './name-failure.ts'
import { MAX_ADDRESSES_PER_FAMILY, type NameAnswer } from './name-source.ts'

type Play = (question: NameQuestion) => NameReply

const signal = new AbortController().signal

/** What comes of asking a server that says that; failures as text, without the server's address. */
async function ask(play: Play, host = 'app.test'): Promise<NameAnswer | string> {
  await using server = await startNameServer(play)
  try {
    return await askNameserver(server.address, host, signal)
  } catch (error) {
    const { message, isDenied } = error as { message: string; isDenied: boolean }
    return `${message.replace(`name server ${server.address} `, '')}${isDenied ? ', denied' : ''}`
  }
}

/** Answers the question for IPv4 addresses; there are none of the other kind. */
function forA(...records: NameRecord[]): Play {
  return ({ type }) => (type === 'A' ? { records } : {})
}

const A = { type: 'A', value: '192.0.2.1' } as const
const AAAA = { type: 'AAAA', value: '2001:db8::1' } as const

test('both families are asked for, IPv6 stands first, and the shorter time counts', async () => {
  const play: Play = ({ type }) => ({ records: type === 'A' ? [{ ...A, ttl: 30 }] : [AAAA, { ...AAAA, value: '::1' }] })
  expect(await ask(play)).toEqual({
    addresses: [
      { address: '2001:db8::1', family: 6 },
      { address: '::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ],
    ttlMs: 30_000,
  })
})

const ONE = { addresses: [{ address: '192.0.2.1', family: 4 }], ttlMs: 60_000 }
const NEVER: NameReply = undefined

test.each<[string, Play, unknown]>([
  ['no other family', forA(A), ONE],
  ['a failure for the other family', ({ type }) => (type === 'A' ? { records: [A] } : { rcode: RCODE.servFail }), ONE],
  ['a denial for the other family', ({ type }) => (type === 'A' ? { records: [A] } : { rcode: RCODE.nxDomain }), ONE],
  ['silence about the other family', ({ type }) => (type === 'A' ? { records: [A] } : NEVER), ONE],
  ['a time of 0', forA({ ...A, ttl: 0 }), { ...ONE, ttlMs: 0 }],
  ['a time of 2^31', forA({ ...A, ttl: 2 ** 31 }), { ...ONE, ttlMs: 2 ** 31 * 1_000 }],
  [
    'a chain of aliases, whose shortest time counts',
    forA(
      { type: 'CNAME', ttl: 5, value: 'b.test' },
      { name: 'b.test', type: 'CNAME', value: 'c.test' },
      { ...A, name: 'c.test' },
    ),
    { ...ONE, ttlMs: 5_000 },
  ],
  // The server is trusted with the answer, so it is with the names in it.
  ['an address under another name', forA({ ...A, name: 'other.test' }), ONE],
  [
    'an alias that leads nowhere',
    forA({ type: 'CNAME', value: 'b.test' }),
    'says that the name has no address (ENODATA), denied',
  ],
  [
    'aliases that lead in a circle',
    forA({ type: 'CNAME', value: 'b.test' }, { name: 'b.test', type: 'CNAME', value: 'app.test' }),
    'says that the name has no address (ENODATA), denied',
  ],
  ['no such name', () => ({ rcode: RCODE.nxDomain }), 'says that there is no such name (ENOTFOUND), denied'],
  ['no address', () => ({}), 'says that the name has no address (ENODATA), denied'],
  ['a failure', () => ({ rcode: RCODE.servFail }), 'failed to find out (ESERVFAIL)'],
  [
    'a failure, and no address of the other family',
    ({ type }) => (type === 'A' ? { rcode: RCODE.servFail } : {}),
    'failed to find out (ESERVFAIL)',
  ],
  ['a refusal', () => ({ rcode: RCODE.refused }), 'refused to answer (EREFUSED)'],
  ['not implemented', () => ({ rcode: RCODE.notImp }), 'does not answer such questions (ENOTIMP)'],
  ['a malformed question', () => ({ rcode: RCODE.formErr }), 'did not understand the question (EFORMERR)'],
  ['bytes that are no message', () => Buffer.from('garbage'), 'sent an answer that is no valid DNS (EBADRESP)'],
  [
    'a message that is cut off',
    (question) => toMessage(question, { records: [A] }).subarray(0, -2),
    'sent an answer that is no valid DNS (EBADRESP)',
  ],
  [
    'counts that promise more than there is',
    ({ message }) => Buffer.concat([message.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0])]),
    'sent an answer that is no valid DNS (EBADRESP)',
  ],
])('%s', async (_what, play, expected) => {
  expect(await ask(play)).toEqual(expected)
})

test.each<[string, Play]>([
  ['at all', () => undefined],
  ['by TCP, having said that it would', ({ transport }) => (transport === 'udp' ? { isTruncated: true } : undefined)],
])('a server that does not answer is given up: %s', async (_how, play) => {
  expect(await ask(play)).toBe('did not answer (ETIMEOUT)')
})

test('an answer to another question is none', async () => {
  const play: Play = (question) => {
    const message = toMessage(question, { records: [A] })
    message.write('bpp', 13)
    return message
  }
  expect(await ask(play)).toBe('did not answer (ETIMEOUT)')
})

const MANY = Array.from({ length: 1_000 }, (_, index) => ({ ...A, value: `10.0.${index >> 8}.${index & 255}` }))

test.each<[string, Play]>([
  ['at once', forA(...MANY)],
  [
    'by TCP, where the answer was truncated',
    ({ type, transport }) => (transport === 'udp' ? { isTruncated: true } : { records: type === 'A' ? MANY : [] }),
  ],
])('of 1,000 addresses the first are kept: %s', async (_how, play) => {
  const answer = await ask(play)
  expect(answer).toMatchObject({ addresses: { length: MAX_ADDRESSES_PER_FAMILY } })
  expect(answer).toMatchObject({ addresses: expect.arrayContaining([{ address: '10.0.0.0', family: 4 }]) as unknown })
})

test('whatever the records are, what comes of them is addresses or a failure', async () => {
  const sound = [A, { type: 'CNAME', value: 'b.test' }, { ...A, name: 'b.test' }] as const
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })
  let play: Play = () => undefined
  await using server = await startNameServer((question) => play(question))
  const property = fc.asyncProperty(damage, async (places) => {
    play = (question) => {
      const message = toMessage(question, { records: sound })
      const begin = toMessage(question, {}).length
      // The question is left alone: an answer to another one is waited for in vain.
      for (const [at, byte] of places) message[begin + (at % (message.length - begin))] = byte
      return message
    }
    const result: unknown = await askNameserver(server.address, 'app.test', signal).catch((error: unknown) => error)
    if (result instanceof NameFailure) return
    const { addresses, ttlMs } = result as NameAnswer
    for (const { address, family } of addresses) expect(isIP(address)).toBe(family)
    expect(addresses.length).toBeGreaterThan(0)
    expect(ttlMs).toBeGreaterThanOrEqual(0)
  })
  await fc.assert(property, { numRuns: 300 })
})

test.each(['a..test', `${'a'.repeat(64)}.test`, 'abc.'.repeat(70)])(
  'a name that is none is not asked for: %s',
  async (name) => {
    expect(await ask(forA(A), name)).toBe('cannot be asked for what is no valid name (EBADNAME)')
  },
)

test('nobody listens', async () => {
  const server = await startNameServer(() => undefined)
  await server[Symbol.asyncDispose]()
  await expect(askNameserver(server.address, 'app.test', signal)).rejects.toThrow(
    `name server ${server.address} cannot be reached (ECONNREFUSED)`,
  )
})

test('a question ends when nobody wants to know any more', async () => {
  await using server = await startNameServer(() => undefined)
  const aborting = new AbortController()
  const asked = askNameserver(server.address, 'app.test', aborting.signal)
  aborting.abort()
  await expect(asked).rejects.toThrow('ECANCELLED')
})
