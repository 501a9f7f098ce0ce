import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { exchangeRaw } from './support/raw-client.ts'
import { closedPort } from './support/upstream.ts'
import { until } from './support/until.ts'

const PACKAGE = join(import.meta.dirname, '..')

test('the example of the README runs', async () => {
  const port = await closedPort()
  const example = /```js\n([^]*?)```/.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8'))![1]!
  // Inside the package, so that it finds the package by its name.
  const file = join(PACKAGE, 'test', `readme-example-${process.pid}.mjs`)
  writeFileSync(file, example.replaceAll(':8080', `:${port}`))
  onTestFinished(() => rmSync(file))
  const child = spawn(process.execPath, ['--conditions=vane-source', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(`listening: ${output}`, () => output.includes(`listening on 127.0.0.1:${port}`), 15_000)
  expect(await exchangeRaw(port, 'GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toContain(
    'hello from Vane',
  )
  child.kill('SIGTERM')
  const code = await new Promise((resolve) => child.once('exit', resolve))
  expect([code, output]).toEqual([0, expect.stringContaining('drained, 0 connections cut')])
})
