import { promises } from 'node:dns'
import { expect, test } from 'vitest'
import { answerFrom, RCODE, startNameServer } from '../src/start-name-server.ts'

function resolverFor(address: string): promises.Resolver {
  const resolver = new promises.Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([address])
  return resolver
}

test('answers from a table, and remembers what it was asked', async () => {
  await using server = await startNameServer(answerFrom({ 'a.test': ['192.0.2.1', '2001:db8::1', '192.0.2.2'] }, 30))
  const resolver = resolverFor(server.address)
  expect(await resolver.resolve4('a.test', { ttl: true })).toEqual([
    { address: '192.0.2.1', ttl: 30 },
    { address: '192.0.2.2', ttl: 30 },
  ])
  expect(await resolver.resolve6('A.test')).toEqual(['2001:db8::1'])
  await expect(resolver.resolve4('b.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  expect(server.questions.map(({ name, type, transport }) => [name, type, transport])).toEqual([
    ['a.test', 'A', 'udp'],
    ['a.test', 'AAAA', 'udp'],
    ['b.test', 'A', 'udp'],
  ])
})

test('says what it is told to', async () => {
  await using server = await startNameServer(({ transport }) =>
    transport === 'udp'
      ? { isTruncated: true }
      : {
          records: [
            { type: 'CNAME', value: 'b.test' },
            { name: 'b.test', type: 'A', value: '192.0.2.9' },
          ],
        },
  )
  const resolver = resolverFor(server.address)
  expect(await resolver.resolve4('a.test')).toEqual(['192.0.2.9'])
  server.answer = () => ({ rcode: RCODE.servFail })
  await expect(resolver.resolve4('a.test')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  server.answer = () => Buffer.from('garbage')
  await expect(resolver.resolve4('a.test')).rejects.toMatchObject({ code: 'EBADRESP' })
  server.answer = () => undefined
  await expect(resolver.resolve4('a.test')).rejects.toMatchObject({ code: 'ETIMEOUT' })
})
