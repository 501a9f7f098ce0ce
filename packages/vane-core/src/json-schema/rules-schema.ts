import { DEFAULT_MAX_BODY_BYTES } from '../rules/types.ts'
import {
  closedObject,
  described,
  flag,
  integer,
  type JsonSchema,
  listOf,
  published,
  ref,
  SCHEMA_KEY,
  text,
  words,
} from './json-schema.ts'
import { MIDDLEWARE, MIDDLEWARE_DEFS } from './middleware-schema.ts'
import { predicateDefs } from './predicate-schema.ts'
import { SYNTH, TERMINATE, TERMINATE_DEFS } from './terminate-schema.ts'
import { FORMS } from './text-forms.ts'
import { LISTENER_TLS } from './tls-schema.ts'

const LISTEN: JsonSchema = listOf(
  'where to listen',
  {
    ...text(
      '":8080" (every address), "127.0.0.1:8080", "[::1]:8080" or "unix:/run/x.sock"; "udp:" in front for datagrams',
      '^(?:tcp:|udp:)?(?:unix:/[^\\u0000]*|(?:[0-9.]*|\\[[0-9A-Fa-f:.]*\\]):[0-9]{1,10})$',
    ),
    examples: [':8080', '127.0.0.1:8080', '[::1]:8080', 'unix:/run/x.sock', 'udp::53'],
  },
  1,
)
const NAME: JsonSchema = {
  ...text('name of the rule, unique over all files: it stands in logs, metrics and errors', '^\\P{Cc}+$'),
  maxLength: 128,
}
const PREDICATE = ref('predicate')
const TLS = ref('tls', 'TLS termination on the listeners: one certificate')
const BODY_LIMIT = integer('', 0, 1_073_741_824)

const RULE: JsonSchema = closedObject(
  'a rule: where it listens, what it matches, what it does',
  {
    name: NAME,
    listen: LISTEN,
    match: {
      description: 'what must hold; a list: all of it; absent: always',
      anyOf: [PREDICATE, { type: 'array', items: PREDICATE }],
    },
    priority: described(integer('', -1_000_000_000, 1_000_000_000), 'higher is tried first', 0),
    middleware_chain: listOf('what a request and its response pass through, in this order', MIDDLEWARE),
    terminate: TERMINATE,
    tls: TLS,
    max_body_bytes_request: described(BODY_LIMIT, 'bytes of a request body that is buffered', DEFAULT_MAX_BODY_BYTES),
    max_body_bytes_response: described(BODY_LIMIT, 'bytes of a response body that is buffered', DEFAULT_MAX_BODY_BYTES),
  },
  ['name', 'listen', 'terminate'],
)

function preset(word: string, help: string, args: JsonSchema | undefined): JsonSchema {
  const properties = { preset: { const: word, description: help }, name: NAME, listen: LISTEN, tls: TLS }
  return args === undefined
    ? closedObject(help, { ...properties, args: closedObject('none', {}) }, ['preset', 'name', 'listen'])
    : closedObject(help, { ...properties, args }, ['preset', 'name', 'listen', 'args'])
}

const PRESETS: readonly JsonSchema[] = [
  preset(
    'reverse_proxy',
    'everything goes to one HTTP upstream',
    closedObject(
      'arguments of reverse_proxy',
      {
        upstream: FORMS.upstream,
        websocket: {
          description: 'which WebSocket upgrades are passed on: none, all, or those below these paths',
          default: false,
          anyOf: [{ type: 'boolean' }, { const: '*' }, listOf('paths', FORMS.pathPrefix, 1)],
        },
        forward_client_ip: flag('tell the upstream who the client is', true),
        rate_limit: ref('rate_limit', 'how many requests are let through; absent: all'),
        timeouts: ref('timeouts', 'how long to wait for the upstream'),
      },
      ['upstream'],
    ),
  ),
  preset('static_site', 'every request gets this answer', closedObject('arguments of static_site', SYNTH, ['status'])),
  preset('redirect_https', 'every request is sent to HTTPS', undefined),
  preset(
    'port_forward',
    'every connection, or datagram, goes to one upstream',
    closedObject(
      'arguments of port_forward',
      { upstream: FORMS.upstream, transport: words('default: that of "listen"', ['tcp', 'udp']) },
      ['upstream'],
    ),
  ),
]

/** The schema of a rule file. */
export const RULES_SCHEMA: JsonSchema = published('rules', 'Vane rule file', {
  ...closedObject(
    'rules of the Vane proxy',
    {
      $schema: SCHEMA_KEY,
      order: described(integer('', -1_000_000_000, 1_000_000_000), 'place of this file among the others', 0),
      rules: listOf('rules and presets', { anyOf: [RULE, ...PRESETS] }),
    },
    ['rules'],
  ),
  $defs: { ...predicateDefs(), tls: LISTENER_TLS, ...TERMINATE_DEFS, ...MIDDLEWARE_DEFS },
})
