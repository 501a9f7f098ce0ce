import { answerFrom, RCODE, startNameServer } from 'vane-testkit'
import { expect, test } from 'vitest'
import { NameserverSource } from './nameserver-source.ts'

const signal = new AbortController().signal
const good = answerFrom({ 'app.test': ['192.0.2.1'] })
const ADDRESSES = [{ address: '192.0.2.1', family: 4 }]

test.each([
  ['fails', () => ({ rcode: RCODE.servFail })],
  ['refuses', () => ({ rcode: RCODE.refused })],
  ['sends garbage', () => Buffer.from('garbage')],
  ['is silent', () => undefined],
])('where one server %s the next is asked, and first the next time', async (_what, answer) => {
  await using bad = await startNameServer(answer)
  await using other = await startNameServer(good)
  const source = new NameserverSource([bad.address, other.address])
  expect(await source.lookUp('app.test', signal)).toMatchObject({ addresses: ADDRESSES })
  expect(bad.questions.length).toBeGreaterThan(0)
  bad.answer = answerFrom({ 'app.test': ['192.0.2.99'] })
  expect(await source.lookUp('app.test', signal)).toMatchObject({ addresses: ADDRESSES })
})

test('a server that has failed is asked again where its successor fails', async () => {
  await using first = await startNameServer(() => ({ rcode: RCODE.servFail }))
  await using second = await startNameServer(good)
  const source = new NameserverSource([first.address, second.address])
  await source.lookUp('app.test', signal)
  first.answer = good
  second.answer = () => ({ rcode: RCODE.servFail })
  expect(await source.lookUp('app.test', signal)).toMatchObject({ addresses: ADDRESSES })
})

test('a denial is believed: nobody else is asked', async () => {
  await using first = await startNameServer(() => ({ rcode: RCODE.nxDomain }))
  await using second = await startNameServer(good)
  const asked = new NameserverSource([first.address, second.address]).lookUp('app.test', signal)
  await expect(asked).rejects.toMatchObject({
    isDenied: true,
    message: `name server ${first.address} says that there is no such name (ENOTFOUND)`,
  })
  expect(second.questions).toEqual([])
})

test('where all fail, each has its word', async () => {
  await using first = await startNameServer(() => ({ rcode: RCODE.servFail }))
  await using second = await startNameServer(() => ({ rcode: RCODE.refused }))
  const asked = new NameserverSource([first.address, second.address]).lookUp('app.test', signal)
  await expect(asked).rejects.toMatchObject({
    isDenied: false,
    message: `name server ${first.address} failed to find out (ESERVFAIL); name server ${second.address} refused to answer (EREFUSED)`,
  })
})

test('where all are silent, that is said once', async () => {
  await using first = await startNameServer(() => undefined)
  await using second = await startNameServer(() => undefined)
  const asked = new NameserverSource([first.address, second.address]).lookUp('app.test', signal)
  await expect(asked).rejects.toThrow(`no answer from ${first.address}, ${second.address} within 4000 ms`)
})

test('a question ends when nobody wants to know any more', async () => {
  await using server = await startNameServer(() => undefined)
  const aborting = new AbortController()
  const asked = new NameserverSource([server.address]).lookUp('app.test', aborting.signal)
  aborting.abort()
  await expect(asked).rejects.toThrow('nobody waits for the name any more')
})
