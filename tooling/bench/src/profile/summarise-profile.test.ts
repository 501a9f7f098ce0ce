import { expect, test } from 'vitest'
import { parseCpuProfile, type CpuProfile, type ProfileNode } from './cpu-profile.ts'
import { formatProfile } from './format-profile.ts'
import { originOf } from './frame-origin.ts'
import { summariseProfile } from './summarise-profile.ts'

const node = (id: number, functionName: string, url = '', children: number[] = []): ProfileNode => ({
  id,
  callFrame: { functionName, url, lineNumber: 9, columnNumber: 0 },
  children,
})

const ENGINE = 'file:///srv/vane/packages/vane-engine/dist/walk.js'
const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 4]),
    node(2, '(idle)'),
    node(3, '(garbage collector)'),
    node(4, 'onread', 'node:net', [5]),
    node(5, 'walk', ENGINE, [6, 7]),
    node(6, 'walk', ENGINE),
    node(7, 'writev'),
  ],
  startTime: 1000,
  endTime: 1700,
  // Taken at 1000, 1100, … 1600; each stands for the 100 µs after it.
  samples: [4, 2, 3, 6, 5, 7, 7],
  timeDeltas: [0, 100, 100, 100, 100, 100, 100],
}

test('self and total time go to groups, files and functions, recursion counts once, idle time apart', () => {
  const summary = summariseProfile(profile)
  expect(summary).toMatchObject({ busyMicros: 600, idleMicros: 100, sampleCount: 7 })
  expect(summary.functions).toEqual([
    { name: 'walk  vane-engine/walk.js:10', selfMicros: 200, totalMicros: 400 },
    { name: 'writev', selfMicros: 200, totalMicros: 200 },
    { name: 'onread  node:net:10', selfMicros: 100, totalMicros: 500 },
    { name: '(garbage collector)', selfMicros: 100, totalMicros: 100 },
  ])
  expect(summary.groups.map(({ name, selfMicros }) => [name.split(' ')[0], selfMicros])).toEqual([
    ['vane-engine', 200],
    ['native', 200],
    ['node', 100],
    ['garbage', 100],
  ])
  expect(summary.files[0]).toMatchObject({ name: 'vane-engine/walk.js', selfMicros: 200 })
})

test('only samples of the window count', () => {
  const summary = summariseProfile(profile, { fromMicros: 1300, toMicros: 1500 })
  expect(summary).toMatchObject({ sampleCount: 2, busyMicros: 200, idleMicros: 0 })
  expect(summary.functions.map(({ name }) => name)).toEqual(['walk  vane-engine/walk.js:10'])
})

test('a printed profile has shares of the busy time and microseconds per request', () => {
  const text = formatProfile(summariseProfile(profile), { requests: 10, top: 2 })
  expect(text).toContain('7 samples, 10 requests, 60.00 µs busy per request, 14.3 % of the time idle')
  expect(text).toMatch(/33\.3 % +20\.00 +66\.7 % +40\.00 +walk {2}vane-engine\/walk\.js:10/)
  expect(text).not.toMatch(/onread/)
  expect(formatProfile(summariseProfile({ ...profile, samples: [], timeDeltas: [] }), { requests: 0, top: 2 })).toMatch(
    /^0 samples/,
  )
})

test.each([
  ['node:internal/streams/writable', 'node (its JavaScript)', 'node:internal/streams/writable'],
  ['file:///srv/vane/apps/vaned/dist/boot.js', 'vaned', 'vaned/boot.js'],
  ['file:///srv/vane/node_modules/.pnpm/undici@8/node_modules/undici/lib/a.js', 'undici', 'undici/lib/a.js'],
  ['file:///srv/node_modules/@fastify/http-proxy/index.js', '@fastify/http-proxy', '@fastify/http-proxy/index.js'],
  ['wasm://wasm/0012', 'WebAssembly', 'WebAssembly'],
  ['file:///tmp/a%20b.js', 'other scripts', '/tmp/a b.js'],
])('%s belongs to %s', (url, group, file) => {
  expect(originOf({ functionName: 'f', url, lineNumber: 0, columnNumber: 0 })).toEqual({ group, file })
})

test('what is no CPU profile is refused', () => {
  expect(() => parseCpuProfile('{}')).toThrow(/not a CPU profile/)
  expect(() => parseCpuProfile('null')).toThrow(/not a CPU profile/)
  expect(() => parseCpuProfile('{"nodes":[],"samples":[1],"timeDeltas":[]}')).toThrow(/1 samples, but 0/)
})
