import { expect, test } from 'vitest'
import { ask, type AskOptions } from './ask.ts'
import { startExample } from './start-example.ts'

test('matching', async () => {
  const example = await startExample('matching', { ports: [8080] })
  const body = async (path: string, options: AskOptions = {}): Promise<string> =>
    (await ask(example.base(8080) + path, options)).body
  expect(await body('/app/x')).toBe('app\n')
  expect(await body('/app/x?channel=beta')).toBe('beta\n')
  expect(await body('/app', { headers: { cookie: 'a=b; channel=beta' } })).toBe('beta\n')
  await expect(body('/internal')).rejects.toThrow('socket hang up')
  // In whatever spelling.
  await expect(body('/%69nternal;x/y')).rejects.toThrow('socket hang up')
  expect(await body('/internal', { headers: { 'user-agent': 'curl/8.0' } })).toMatch(/^nothing here/)
  expect(await body('/', { method: 'POST', body: '{"type":"ping"}' })).toBe('{"type":"pong"}\n')
  expect((await ask(`${example.base(8080)}/`, { method: 'POST', body: 'x'.repeat(5_000) })).status).toBe(413)
  expect((await ask(`${example.base(8080)}/nowhere`)).status).toBe(404)
})
