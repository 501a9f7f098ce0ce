import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

test('cgi', async () => {
  const example = await startExample('cgi', {
    ports: [8080],
    prepare(dir) {
      // The user that the programs run as must be able to get there.
      for (const folder of [dirname(dir), dir]) chmodSync(folder, 0o755)
      if (process.getuid?.() === 0) return
      const rules = join(dir, 'rules/cgi.jsonc')
      const own = readFileSync(rules, 'utf8')
        .replaceAll('"uid": 65534', `"uid": ${process.getuid?.()}`)
        .replaceAll('"gid": 65534', `"gid": ${process.getgid?.()}`)
        .replaceAll('"max_processes": 64', '"max_processes": 4096')
      writeFileSync(rules, own)
    },
  })
  const base = example.base(8080)
  expect(await ask(`${base}/guestbook/ann`)).toMatchObject({ status: 200, body: "hello ann, you said ''\n" })
  expect(await ask(`${base}/guestbook/bob`, { method: 'POST', body: 'hi' })).toMatchObject({
    body: "hello bob, you said 'hi'\n",
  })
  expect((await ask(`${base}/guestbook`, { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413)
  expect(await ask(`${base}/old/ann`)).toMatchObject({ status: 303, headers: { location: '/guestbook/ann' } })
  await vi.waitFor(() => expect(example.log()).toContain('CGI program: bob was here'), { timeout: 10_000 })
  expect(await text(example.vane('get', 'pools').stdout!)).toMatch(/programs\t100\t100\t0\t3\t0/)
})
