import type { JsonSchema } from './json-schema.ts'
import { LIMITS_SCHEMA, POLICY_SCHEMA } from './plugin-schemas.ts'
import { RULES_SCHEMA } from './rules-schema.ts'
import { CONFIG_SCHEMA } from './settings-schema.ts'

/**
 * The published schemas (draft 2020-12) by name; `schema/<name>.schema.json` in this package holds each as a file.
 *
 * Whatever the parsers take, the schemas take. What the parsers refuse, the schemas refuse too, but for what a schema cannot
 * say: that an address is one, that a name is unique, that a pattern compiles.
 */
export const JSON_SCHEMAS: Readonly<Record<'rules' | 'config' | 'policy' | 'limits', JsonSchema>> = {
  rules: RULES_SCHEMA,
  config: CONFIG_SCHEMA,
  policy: POLICY_SCHEMA,
  limits: LIMITS_SCHEMA,
}
