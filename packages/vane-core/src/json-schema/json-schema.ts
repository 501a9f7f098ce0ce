import type { Json } from '../rules/types.ts'

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, Json>>

/** Where a published schema is found by editors that know only its name. */
export function schemaId(name: string): string {
  return `https://unpkg.com/vane-core/schema/${name}.schema.json`
}

/** The head of a published schema. */
export function published(name: string, title: string, body: JsonSchema): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: schemaId(name), title, ...body }
}

/** An object with exactly these keys, of which some must be there. */
export function closedObject(
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return {
    type: 'object',
    description,
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  }
}

/** A list of values that are alike. */
export function listOf(description: string, items: JsonSchema, minItems: number = 0): JsonSchema {
  return { type: 'array', description, items, ...(minItems === 0 ? {} : { minItems }) }
}

/** A whole number between two limits, inclusive. */
export function integer(description: string, minimum: number, maximum: number): JsonSchema {
  return { type: 'integer', description, minimum, maximum }
}

/** One of a few words. */
export function words(description: string, values: readonly string[]): JsonSchema {
  return { type: 'string', description, enum: values }
}

/** A text of a form. The patterns let pass what only a parser can tell to be wrong, and nothing that is right fails them. */
export function text(description: string, pattern?: string): JsonSchema {
  return { type: 'string', description, ...(pattern === undefined ? {} : { pattern }) }
}

/** `true` or `false`, with what its absence means. */
export function flag(description: string, absent: boolean): JsonSchema {
  return { type: 'boolean', description, default: absent }
}

/** The key that names the schema itself. */
export const SCHEMA_KEY: JsonSchema = text('address of this schema, for editors')

/** A place that a definition of the same file describes. */
export function ref(name: string, description?: string): JsonSchema {
  return { $ref: `#/$defs/${name}`, ...(description === undefined ? {} : { description }) }
}

/** A schema with another description, and perhaps a default. */
export function described(schema: JsonSchema, description: string, absent?: Json): JsonSchema {
  return { ...schema, description, ...(absent === undefined ? {} : { default: absent }) }
}
