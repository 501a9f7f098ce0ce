import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_PLUGIN_HTTP_POLICY, PluginPolicyTable, VaneError } from 'vane-core'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vane-policy-'))
})
afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

const policyFile = () => join(dir, 'policy.json')

async function refusal(from: string = dir): Promise<string> {
  const error: unknown = await PluginPolicyTable.loadFromDir(from).then(
    () => 'was taken',
    (reason: unknown) => reason,
  )
  if (!(error instanceof VaneError)) throw new Error(`no VaneError: ${String(error)}`)
  expect(error.kind).toBe('compile')
  return error.message
}

test('no file is an empty table', async () => {
  const table = await PluginPolicyTable.loadFromDir(dir)
  expect(table.stems()).toEqual([])
  expect(table.getOrDefault('auth')).toBe(DEFAULT_PLUGIN_HTTP_POLICY)
})

test('no folder is an empty table', async () => {
  expect((await PluginPolicyTable.loadFromDir(join(dir, 'none', 'wasm'))).stems()).toEqual([])
})

test('a file is read', async () => {
  await writeFile(policyFile(), '{"auth": {"allowed_hosts": ["bücher.example"]}}')
  const table = await PluginPolicyTable.loadFromDir(dir)
  expect(table.getOrDefault('auth').allowedHosts).toEqual([
    { kind: 'name', host: 'xn--bcher-kva.example', port: undefined },
  ])
})

test('a file behind a symbolic link is read', async () => {
  await writeFile(join(dir, 'real.json'), '{"auth": {}}')
  await symlink('real.json', policyFile())
  expect((await PluginPolicyTable.loadFromDir(dir)).stems()).toEqual(['auth'])
})

test('a mistake is told with the path of the file', async () => {
  await writeFile(policyFile(), '{\n  "auth": { "max_body_size": -1 }\n}')
  expect(await refusal()).toBe(
    `${policyFile()}:2:30: max_body_size is a whole number from 0 to 4294967295, not -1 (auth.max_body_size)`,
  )
})

test('bytes that are not UTF-8 are told with their place', async () => {
  await writeFile(policyFile(), Buffer.from('{\n  "ü": {"allowed_hosts": ["b\xfccher"]}}', 'latin1'))
  expect(await refusal()).toBe(`${policyFile()}:2:4: not UTF-8`)
  await writeFile(policyFile(), Buffer.concat([Buffer.from('{"\ufffd": {}, "'), Buffer.from([0xe2, 0x82])]))
  expect(await refusal()).toBe(`${policyFile()}:1:12: not UTF-8`)
})

test('a byte order mark is refused', async () => {
  await writeFile(policyFile(), '\ufeff{}')
  expect(await refusal()).toContain(`${policyFile()}:1:1: the file begins with a byte order mark`)
})

test('UTF-16 is refused', async () => {
  await writeFile(policyFile(), Buffer.from('\ufeff{}', 'utf16le'))
  expect(await refusal()).toBe(`${policyFile()}:1:1: not UTF-8`)
})

test('an empty file is refused', async () => {
  await writeFile(policyFile(), '')
  expect(await refusal()).toContain(`${policyFile()}:1:1: `)
})

test('a huge file is refused without being read to its end', async () => {
  await writeFile(policyFile(), '')
  execFileSync('truncate', ['-s', '100G', policyFile()])
  expect(await refusal()).toBe(`${policyFile()}: larger than 1048576 bytes`)
})

test('a folder in the file’s place is refused', async () => {
  await mkdir(policyFile())
  expect(await refusal()).toBe(`${policyFile()}: is not a regular file`)
})

test('a named pipe in the file’s place is refused, and not waited for', async () => {
  execFileSync('mkfifo', [policyFile()])
  expect(await refusal()).toBe(`${policyFile()}: is not a regular file`)
})

test('a device in the file’s place is refused', async () => {
  await symlink('/dev/zero', policyFile())
  expect(await refusal()).toBe(`${policyFile()}: is not a regular file`)
})

test('a link to nothing is refused', async () => {
  await symlink('gone.json', policyFile())
  expect(await refusal()).toMatch(/policy\.json: cannot be read: .*ENOENT/)
})

test('a link to itself is refused', async () => {
  await symlink('policy.json', policyFile())
  expect(await refusal()).toMatch(/policy\.json: cannot be read: .*ELOOP/)
})

test('a file in the folder’s place is refused', async () => {
  await writeFile(join(dir, 'wasm'), '')
  expect(await refusal(join(dir, 'wasm'))).toMatch(/policy\.json: cannot be read: .*ENOTDIR/)
})
