import {
  closedObject,
  described,
  flag,
  integer,
  published,
  SCHEMA_KEY,
  text,
  words,
  type JsonSchema,
} from './json-schema.ts'

const WEEK_SECS = 604_800
const DAY_MS = 86_400_000
const MAX_COUNT = 1_000_000_000
const MAX_BYTES = 1_099_511_627_776

const filled = (description: string): JsonSchema => text(description, '^[\\s\\S]+$')

/** A limit of the security floor: its default, and the floor below which it cannot be set. */
function floor(description: string, absent: number, minimum: number): JsonSchema {
  return described(integer('', minimum, MAX_COUNT), `${description}; at least ${minimum}`, absent)
}

function bytes(description: string, absent: number, minimum: number): JsonSchema {
  return described(integer('', minimum, MAX_BYTES), `${description}; at least ${minimum}`, absent)
}

function rate(description: string, absent: string, minimum: number): JsonSchema {
  return {
    description: `${description}; at least ${minimum}/s`,
    default: absent,
    anyOf: [integer('a number for each second', minimum, MAX_COUNT), text('such as "10/s"', '^[0-9]{1,15}(?:/s)?$')],
  }
}

function seconds(description: string): JsonSchema {
  const most = 2_073_600
  return {
    description: `${description}; at least 5s`,
    default: '30s',
    anyOf: [integer('seconds', 5, most), text('a duration, or seconds', '^[0-9]{1,15}(?:ms|s|m|h|d)?$')],
  }
}

/** The schema of `config.json`. */
export const CONFIG_SCHEMA: JsonSchema = published('config', 'Vane daemon settings', {
  ...closedObject('settings of the Vane daemon; VANE_* variables of .env and of the process win over them', {
    $schema: SCHEMA_KEY,
    log_level: described(
      words('', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      'how much is logged',
      'info',
    ),
    state_dir: filled('folder for sockets, caches and keys'),
    wasm_dir: filled('folder of the plugins; default: "wasm" in the configuration directory'),
    mgmt_unix: filled('path of the management socket'),
    mgmt_http_port: {
      ...described(integer('', 1, 65_535), 'port of management over HTTP; null: off', 3333),
      type: ['integer', 'null'],
    },
    mgmt_http_public: flag('whether management over HTTP listens on every address', false),
    drain_timeout_secs: described(integer('', 0, WEEK_SECS), 'how long requests may take to finish at the end', 30),
    bind_ipv4: flag('whether ":port" listens on IPv4', true),
    bind_ipv6: flag('whether ":port" listens on IPv6', true),
    bind_max_attempts: described(integer('', 1, 1_000_000), 'how often a listener is tried', 10),
    bind_backoff_initial_ms: described(integer('', 1, DAY_MS), 'wait after the first failure', 100),
    bind_backoff_max_ms: described(integer('', 1, DAY_MS), 'longest wait between two tries', 5_000),
    boot_health_timeout_secs: described(integer('', 1, WEEK_SECS), 'by when a listener must be up at start', 60),
    watch: flag('whether a change of files asks for a reload', true),
    flow_log_file: filled('file for the flow log (NDJSON)'),
    via: text('what the proxy calls itself in Via; default: it adds none', "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,255}$"),
    cgi_max_concurrent: described(integer('', 1, 1_000_000), 'CGI programs that run at once', 100),
    threads: integer('threads that serve; default: the daemon chooses', 1, 1_024),
    features: text('features, such as "wasm,-acme"; default: all that are installed'),
    wasm_max_memory_mb: described(integer('', 1, 4_096), 'memory of all plugin instances together', 128),
    wasm_max_instances: described(integer('', 1, 8_192), 'stateless plugin instances', 32),
    security: closedObject('limits that no peer can exceed', {
      max_header_bytes: floor('bytes of a message head', 65_536, 4_096),
      max_headers_count: floor('headers of a message', 100, 20),
      header_timeout: seconds('by when a request head must be there'),
      body_idle_timeout: seconds('longest pause in a request body'),
      max_conn_per_ip: floor('connections from one address', 100, 10),
      max_handshake_rate_per_ip: rate('TLS handshakes from one address', '10/s', 1),
      max_streams_per_conn: floor('streams of one connection at once', 100, 10),
      max_request_rate_per_conn: rate('requests on one HTTP/2 or HTTP/3 connection', '1000/s', 100),
      max_total_conns: floor('connections altogether', 65_536, 1_024),
      max_pending_handshakes: floor('TLS handshakes going on at once', 1_000, 100),
      max_buffered_bytes: bytes('bytes of all bodies that are in memory whole', 268_435_456, 16_777_216),
      max_buffered_bytes_per_ip: bytes('the same, for the requests of one address', 67_108_864, 8_388_608),
      exempt_loopback: flag('whether loopback and Unix-socket peers are free of the limits per address', true),
    }),
  }),
})
