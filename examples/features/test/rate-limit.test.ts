import { expect, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

test('rate-limit', async () => {
  const example = await startExample('rate-limit', { ports: [8080] })
  const statuses = async (path: string, headers: Record<string, string>[]): Promise<number[]> => {
    const seen: number[] = []
    for (const each of headers) seen.push((await ask(example.base(8080) + path, { headers: each })).status)
    return seen
  }
  expect(
    await statuses(
      '/login',
      Array.from({ length: 6 }, () => ({})),
    ),
  ).toEqual([200, 200, 200, 200, 200, 429])
  const [one, other] = [{ 'x-api-key': 'one' }, { 'x-api-key': 'other' }]
  expect(await statuses('/api', [one, one, one, one, other])).toEqual([200, 200, 200, 429, 200])
  const limited = await ask(`${example.base(8080)}/api`, { headers: one })
  expect(limited.headers['content-type']).toBe('application/json')
  expect(limited.headers['retry-after']).toMatch(/^\d+$/)
  const session = { cookie: 'session=s' }
  expect(await statuses('/search?q=a', [session, session, session])).toEqual([200, 200, 429])
  expect(await statuses('/search?q=b', [session])).toEqual([200])
})
