import { DEFAULT_RETRY } from '../rules/types.ts'
import { closedObject, described, flag, integer, type JsonSchema, listOf, ref, text, words } from './json-schema.ts'
import { UPSTREAM_TLS } from './tls-schema.ts'
import { bytes, FORMS } from './text-forms.ts'

const { absolutePath, duration, headerName, method, socketPath, templated, upstream } = FORMS

/** Headers of a response. */
const HEADERS: JsonSchema = {
  type: 'object',
  description: 'headers by name; a list of values for a header that occurs more than once',
  propertyNames: headerName,
  additionalProperties: { anyOf: [ref('templated'), { type: 'array', items: ref('templated') }] },
}

/** The properties of a response written in a rule. */
export const SYNTH: Readonly<Record<string, JsonSchema>> = {
  status: integer('status of the response', 200, 599),
  headers: ref('headers', 'headers of the response'),
  body: ref('bytes', 'body of the response'),
}

/** `timeouts` of a proxy. */
const TIMEOUTS: JsonSchema = closedObject('how long to wait for the upstream', {
  connect: described(duration, 'for a connection', '5s'),
  first_byte: described(duration, 'for the head of the response', '60s'),
  idle: described(duration, 'between two pieces of a body', '60s'),
  total: described(duration, 'for the whole exchange; absent: no limit'),
})

const RETRY: JsonSchema = closedObject('when a failed request is tried again', {
  max_attempts: described(integer('', 1, 10), 'attempts altogether', 1),
  methods: { ...listOf('methods that may be repeated', method, 1), default: DEFAULT_RETRY.methods },
  backoff: {
    description: 'how long to wait before the next attempt',
    default: 'none',
    anyOf: [
      words('', ['none', 'exponential']),
      closedObject('always as long', { fixed: duration }, ['fixed']),
      closedObject(
        'longer each time',
        {
          exponential: closedObject('how', {
            base: described(duration, 'before the second attempt', '100ms'),
            max: described(duration, 'at most', '5s'),
            jitter: flag('vary it at random', true),
          }),
        },
        ['exponential'],
      ),
    ],
  },
  buffering: described(
    words('', ['opportunistic', 'force']),
    'whether a request body is collected first so that it can be repeated',
    'opportunistic',
  ),
})

const PROXY: Readonly<Record<string, JsonSchema>> = {
  tls: ref('upstream_tls', 'TLS to the upstream; absent: in clear'),
  dns: closedObject(
    'how the name of the upstream is resolved',
    { nameservers: listOf('addresses of name servers', text('an address, with a port where it is not 53'), 1) },
    ['nameservers'],
  ),
  retry: ref('retry', 'when a failed request is tried again'),
  timeouts: ref('timeouts', 'how long to wait for the upstream'),
  host: described(text(''), '"preserve" the Host of the client, name the "upstream", or send this host', 'preserve'),
}

const VERSION = described(words('', ['auto', 'h1', 'h2', 'h3']), 'HTTP version spoken to the upstream', 'auto')

const CGI_SECURITY: JsonSchema = closedObject(
  'as whom the program runs, and how much it may use',
  {
    uid: integer('user id', 0, 4_294_967_294),
    gid: integer('group id', 0, 4_294_967_294),
    limits: closedObject(
      'limits of each process',
      {
        memory_mb: integer('address space in MiB', 1, 1_048_576),
        cpu_seconds: integer('seconds of CPU', 1, 86_400),
        max_processes: integer('processes and threads of the user', 1, 65_536),
      },
      ['memory_mb', 'cpu_seconds', 'max_processes'],
    ),
  },
  ['uid', 'gid', 'limits'],
)

const VARIANTS: readonly (readonly [type: string, help: string, keys: Record<string, JsonSchema>, needs: string[]])[] =
  [
    ['http_proxy', 'forward to an HTTP upstream', { upstream, version: VERSION, ...PROXY }, ['upstream']],
    ['http1_proxy', 'forward to an HTTP/1.1 upstream', { upstream, ...PROXY }, ['upstream']],
    ['http2_proxy', 'forward to an HTTP/2 upstream', { upstream, ...PROXY }, ['upstream']],
    ['http3_proxy', 'forward to an HTTP/3 upstream', { upstream, ...PROXY }, ['upstream', 'tls']],
    [
      'unix_proxy',
      'forward to an HTTP server on a Unix socket',
      { path: socketPath, version: VERSION, ...PROXY },
      ['path'],
    ],
    ['websocket', 'forward an HTTP/1.1 upgrade to a tunnel of bytes', { upstream, ...PROXY }, ['upstream']],
    ['static', 'answer with this response', SYNTH, ['status']],
    [
      'redirect_https',
      'send the client to HTTPS (308)',
      {
        port: described(integer('', 1, 65_535), 'port of the target', 443),
        headers: ref('headers', 'headers besides "location"'),
      },
      [],
    ],
    [
      'tcp_forward',
      'pipe the connection to an upstream',
      {
        upstream,
        connect_timeout: described(duration, 'for a connection', '5s'),
        idle_timeout: described(duration, 'without any bytes; absent: no limit'),
      },
      ['upstream'],
    ],
    [
      'udp_forward',
      'pass datagrams on to an upstream',
      {
        upstream: text('"host:port" or "[ipv6]:port"', '^(?!unix:)[^\\s/]+:[0-9]{1,10}$'),
        connect_timeout: described(duration, 'for the name of the upstream', '5s'),
        idle_timeout: described(duration, 'without any datagram', '30s'),
      },
      ['upstream'],
    ],
    [
      'cgi',
      'run a program for each request (RFC 3875)',
      {
        binary: described(absolutePath, 'the program'),
        script_name: text('path under which it is mounted; empty: the root', '^(?:/[^/?#\\u0000]+)*$'),
        working_dir: described(absolutePath, 'folder in which it runs'),
        env: {
          type: 'object',
          description: 'variables it gets besides those of CGI',
          propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
          additionalProperties: text('', '^[^\\u0000]*$'),
        },
        block_headers: listOf('request headers it does not get to see', headerName),
        security: CGI_SECURITY,
        timeouts: ref('timeouts', 'how long to wait for the program'),
      },
      ['binary', 'script_name', 'block_headers', 'security'],
    ],
    ['close', 'drop the connection', {}, []],
  ]

/** What {@link TERMINATE} and {@link SYNTH} refer to. */
export const TERMINATE_DEFS: Readonly<Record<string, JsonSchema>> = {
  bytes: bytes('bytes'),
  templated,
  headers: HEADERS,
  retry: RETRY,
  timeouts: TIMEOUTS,
  upstream_tls: UPSTREAM_TLS,
}

/** `terminate` of a rule. */
export const TERMINATE: JsonSchema = {
  type: 'object',
  description: 'how a request that matches ends',
  required: ['type'],
  oneOf: VARIANTS.map(([type, help, keys, needs]) =>
    closedObject(help, { type: { const: type, description: help }, ...keys }, ['type', ...needs]),
  ),
}
