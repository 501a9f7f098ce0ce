import { TEMPLATE_VARIABLES } from '../rules/template.ts'
import { closedObject, text, type JsonSchema } from './json-schema.ts'

/** What the texts are. */
export type FormName =
  | 'duration'
  | 'filePath'
  | 'absolutePath'
  | 'upstream'
  | 'socketPath'
  | 'method'
  | 'headerName'
  | 'hostName'
  | 'wildcardName'
  | 'network'
  | 'pathPrefix'
  | 'templated'

/** Texts that occur in several places, by what they are. */
export const FORMS: Readonly<Record<FormName, JsonSchema>> = {
  duration: text('a whole number with a unit: ms, s, m, h or d', '^[0-9]{1,15}(?:ms|s|m|h|d)$'),
  filePath: {
    ...text('a file; relative ones stand in the configuration directory', '^[^\\u0000]+$'),
    maxLength: 4_096,
  },
  absolutePath: { ...text('an absolute path', '^/[^\\u0000]*$'), maxLength: 4_096 },
  upstream: text('"host:port", "[ipv6]:port" or "unix:/path"', '^(?:unix:/[^\\u0000]*|[^\\s/]+:[0-9]{1,10})$'),
  socketPath: text('the absolute path of a Unix socket', '^/[^\\u0000]*$'),
  method: text('an HTTP method, in upper case', "^[!#$%&'*+\\-.^`|~0-9A-Z_]+$"),
  headerName: text('the name of a header', "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$"),
  hostName: text('a host name, in lower case and without port', '^[a-z0-9_.-]+$'),
  wildcardName: text('a host name, or "*." and one, in lower case and without port', '^(?:\\*\\.)?[a-z0-9_.-]+$'),
  network: text('a network such as "10.0.0.0/8"', '^[0-9A-Fa-f:.]+/[0-9]{1,3}$'),
  pathPrefix: text('a path, compared by whole segments', '^/[^?#]*$'),
  templated: text(
    `printable ASCII; ${TEMPLATE_VARIABLES.map((name) => `\${${name}}`).join(', ')} are filled in`,
    `^(?:[\\t\\x20-#%-~]|\\$(?!\\{)|\\$\\{(?:${TEMPLATE_VARIABLES.join('|')})\\})*$`,
  ),
}

/** Bytes: a text, or base64. */
export function bytes(description: string): JsonSchema {
  const base64 = { ...text('base64 with padding', '^[A-Za-z0-9+/]*={0,2}$'), contentEncoding: 'base64' }
  return {
    description,
    anyOf: [text('a text, as UTF-8'), closedObject('bytes that are not text', { base64 }, ['base64'])],
  }
}
