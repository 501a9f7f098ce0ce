import { closedObject, described, flag, integer, type JsonSchema, listOf, ref, text, words } from './json-schema.ts'
import { SYNTH } from './terminate-schema.ts'
import { FORMS } from './text-forms.ts'

const onMiss = described(words('', ['respond', 'close']), 'answer 404 (405 for a method), or close', 'respond')
const name = text('a name', '^\\P{Cc}+$')

const keyParts: readonly JsonSchema[] = [
  words('', ['remote_ip', 'global']),
  closedObject('the value of a header', { header: FORMS.headerName }, ['header']),
  closedObject('the value of a cookie', { cookie: name }, ['cookie']),
  closedObject('the value of a query parameter', { query: name }, ['query']),
]

const RATE_LIMIT: JsonSchema = closedObject(
  'how many requests are let through',
  {
    key: {
      description: 'what is counted together',
      default: 'remote_ip',
      anyOf: [
        ...keyParts,
        closedObject(
          'several values together',
          { composite: { ...listOf('the values', { anyOf: keyParts }, 1), maxItems: 8 } },
          ['composite'],
        ),
      ],
    },
    rate: integer('requests in each window', 1, 1_000_000_000),
    burst: described(integer('', 1, 1_000_000_000), 'requests at once, at most; default: "rate"'),
    window: described(FORMS.duration, 'from 1s to 60s', '1s'),
    on_limit: closedObject('answer to those over the limit', {
      ...SYNTH,
      status: described(integer('', 200, 599), 'status of the response', 429),
    }),
  },
  ['rate'],
)

/** The built-in middleware with their arguments. */
const BUILTIN_ARGS: Readonly<Record<string, JsonSchema>> = {
  host_header_match: closedObject(
    'lets requests for these hosts pass',
    { hosts: listOf('hosts', FORMS.wildcardName, 1), on_miss: onMiss },
    ['hosts'],
  ),
  path_prefix: closedObject(
    'lets requests below these paths pass',
    { prefixes: listOf('paths', FORMS.pathPrefix, 1), on_miss: onMiss },
    ['prefixes'],
  ),
  method_match: closedObject(
    'lets requests with these methods pass',
    { methods: listOf('methods', FORMS.method, 1), on_miss: onMiss },
    ['methods'],
  ),
  sni_peek: closedObject('reads the host name of a TLS handshake', {}),
  forward_client_ip: closedObject('tells the upstream who the client is', {
    headers: {
      ...listOf('headers to say it in', words('', ['x-forwarded-for', 'x-real-ip', 'forwarded']), 1),
      default: ['x-forwarded-for', 'x-real-ip', 'forwarded'],
    },
    trusted_proxies: { ...listOf('peers whose word is taken', FORMS.network), default: [] },
    strip_inbound_forwarded: flag('drop what peers say that are not trusted', true),
  }),
  rate_limit: RATE_LIMIT,
}

const BUILTIN_HELP: Readonly<Record<string, string>> = {
  host_header_match: 'lets requests for these hosts pass',
  path_prefix: 'lets requests below these paths pass',
  method_match: 'lets requests with these methods pass',
  sni_peek: 'reads the host name of a TLS handshake',
  forward_client_ip: 'tells the upstream who the client is',
  rate_limit: 'answers requests over a rate with 429',
}

const onError: JsonSchema = {
  description: 'what a failure turns into; absent: 500, or a reset before HTTP',
  anyOf: [
    { const: 'close', description: 'close the connection' },
    closedObject('answer instead', { response: closedObject('the answer', SYNTH, ['status']) }, ['response']),
  ],
}

/** What {@link MIDDLEWARE} refers to. */
export const MIDDLEWARE_DEFS: Readonly<Record<string, JsonSchema>> = { on_error: onError, rate_limit: RATE_LIMIT }

/** An entry of `middleware_chain`. */
export const MIDDLEWARE: JsonSchema = {
  type: 'object',
  description: 'a built-in middleware, or the export of a plugin',
  required: ['use'],
  anyOf: [
    ...Object.entries(BUILTIN_ARGS).map(([use, args]) => {
      const help = BUILTIN_HELP[use] ?? use
      return closedObject(
        help,
        {
          use: { const: use, description: help },
          args: use === 'rate_limit' ? ref('rate_limit', 'its arguments') : described(args, 'its arguments'),
          on_error: ref('on_error', 'what a failure turns into; absent: 500, or a reset before HTTP'),
        },
        args['required'] === undefined ? ['use'] : ['use', 'args'],
      )
    }),
    closedObject(
      'an export of a plugin',
      {
        use: text('"<file name without .wasm>:<export>"', '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}:\\P{Cc}{1,256}$'),
        args: { type: 'object', description: 'handed to the plugin as they are' },
        on_error: ref('on_error', 'what a failure turns into; absent: 500, or a reset before HTTP'),
      },
      ['use'],
    ),
  ],
}
