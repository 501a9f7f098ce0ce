import { buildExamples } from './build-examples.ts'

try {
  await buildExamples(({ name, built, elapsedMs, sizeBytes }) => {
    const what = built ? `built in ${(elapsedMs / 1000).toFixed(1)} s` : 'unchanged'
    console.log(
      `${name.padEnd(10)} ${what.padEnd(15)} ${(sizeBytes / 1024).toFixed(0).padStart(6)} KiB  dist/${name}.wasm`,
    )
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
