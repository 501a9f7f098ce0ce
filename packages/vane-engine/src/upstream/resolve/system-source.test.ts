import { expect, test } from 'vitest'
import { SystemSource } from './system-source.ts'

const signal = new AbortController().signal

test('finds what the system finds, /etc/hosts included', async () => {
  const { addresses, ttlMs } = await new SystemSource().lookUp('localhost', signal)
  expect(addresses.map(({ address }) => address)).toContainEqual(expect.stringMatching(/^127\.0\.0\.1$|^::1$/))
  expect(ttlMs).toBe(5_000)
})

test('a name that nobody knows is a failure that says so', async () => {
  // Where no name server can be reached, that is what is said.
  await expect(new SystemSource().lookUp('no-such-name.invalid', signal)).rejects.toThrow(
    /^the system's resolver (knows no such name \(ENOTFOUND\)|found no name server that answers \(EAI_AGAIN\)|did not answer within 4000 ms)$/,
  )
})

test('nobody has to wait for the system', async () => {
  const aborting = new AbortController()
  const asked = new SystemSource().lookUp('no-such-name.invalid', aborting.signal)
  aborting.abort()
  await expect(asked).rejects.toThrow('nobody waits for the name any more')
})
