import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { answerFrom, RCODE, startNameServer } from 'vane-testkit'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

/** An upstream that says where it is. @returns its port. */
async function startUpstreamOn(address: string, port: number): Promise<number> {
  const server = createServer((_req, res) => res.end(`from ${address}`))
  server.listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('name-servers', async () => {
  await using blue = await startNameServer(answerFrom({ 'app.internal': ['127.0.0.2'] }))
  await using failing = await startNameServer(() => ({ rcode: RCODE.servFail }))
  await using green = await startNameServer(answerFrom({ 'app.internal': ['127.0.0.3'] }))
  const port = await startUpstreamOn('127.0.0.2', 0)
  await startUpstreamOn('127.0.0.3', port)
  const example = await startExample('name-servers', {
    ports: [8080],
    prepare: (dir) => {
      const path = join(dir, 'rules', 'site.jsonc')
      const rules = readFileSync(path, 'utf8')
        .replaceAll('app.internal:3000', `app.internal:${port}`)
        .replaceAll('127.0.0.1:5301', blue.address)
        .replaceAll('127.0.0.1:5302', failing.address)
        .replaceAll('127.0.0.1:5303', green.address)
      writeFileSync(path, rules)
    },
  })
  const bodyFor = async (host: string): Promise<string> => (await ask(example.base(8080), { headers: { host } })).body
  expect([await bodyFor('blue.example'), await bodyFor('green.example')]).toEqual(['from 127.0.0.2', 'from 127.0.0.3'])
  const shown = await text(example.vane('get', 'upstreams').stdout!)
  expect(shown).toMatch(/^UPSTREAM\t.*\tADDRESSES\n(app\.internal:\d+\t.*\t127\.0\.0\.[23]\n){2}$/)
})
