// oxlint-disable-next-line no-restricted-imports -- where ajv documents its draft 2020-12 to be
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { JSON_SCHEMAS, type JsonSchema } from 'vane-core'

const NAMES = Object.keys(JSON_SCHEMAS) as (keyof typeof JSON_SCHEMAS)[]

test.each(NAMES)('schema/%s.schema.json is what the sources say (vitest -u writes it)', async (name) => {
  const text = `${JSON.stringify(JSON_SCHEMAS[name], null, 2)}\n`
  await expect(text).toMatchFileSnapshot(`../../schema/${name}.schema.json`)
})

test.each(NAMES)('%s is a strict schema of draft 2020-12', (name) => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  expect(ajv.validateSchema(JSON_SCHEMAS[name])).toBe(true)
  expect(() => ajv.compile(JSON_SCHEMAS[name])).not.toThrow()
})

/** Every property of every object, with the way to it. */
function* propertiesOf(schema: unknown, path: string): Generator<readonly [path: string, property: JsonSchema]> {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' && typeof value === 'object' && value !== null && 'additionalProperties' in schema) {
      for (const [name, property] of Object.entries(value as Record<string, JsonSchema>)) {
        yield [`${path}.${name}`, property]
      }
    }
    yield* propertiesOf(value, `${path}/${key}`)
  }
}

test.each(NAMES)('every key of %s says what it is', (name) => {
  const mute = [...propertiesOf(JSON_SCHEMAS[name], '')]
    .filter(([, property]) => !('$ref' in property) && (property['description'] ?? '') === '')
    .map(([path]) => path)
  expect(mute).toEqual([])
})
