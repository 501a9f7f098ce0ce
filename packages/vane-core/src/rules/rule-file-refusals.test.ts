import { expect, test } from 'vitest'
import { parseRuleFile, type DiagnosticCode } from 'vane-core'

interface Refusal {
  readonly code: DiagnosticCode
  /** A rule file in which « and » stand around the place that must be reported. */
  readonly text: string
  readonly path?: string
  readonly message?: string | RegExp
  readonly suggestion?: string | RegExp
  readonly jsonPath?: string
}

/** A rule file of one rule, with some of its keys replaced. A key that is `null` is left out. */
function rule(keys: Readonly<Record<string, string | null>>): string {
  const all = { name: '"a"', listen: '[":8080"]', terminate: '{ "type": "close" }', ...keys }
  const lines = Object.entries(all).flatMap(([key, value]) =>
    value === null ? [] : [`      ${key.startsWith('«') ? `«"${key.slice(1)}"»` : `"${key}"`}: ${value}`],
  )
  return `{\n  "rules": [\n    {\n${lines.join(',\n')}\n    }\n  ]\n}\n`
}

const match = (predicate: string): string => rule({ match: predicate })
const listen = (address: string): string => rule({ listen: `[${address}]` })
const terminate = (object: string): string => rule({ terminate: object })
const proxy = (keys: string): string => terminate(`{ "type": "http_proxy", ${keys} }`)
const statik = (keys: string): string => terminate(`{ "type": "static", ${keys} }`)
const use = (keys: string): string => rule({ middleware_chain: `[{ ${keys} }]` })
const preset = (name: string, args: string): string =>
  `{ "rules": [{ "preset": ${name}, "name": "p", "listen": [":80"], "args": ${args} }] }`

const REFUSALS: readonly Refusal[] = [
  // The text
  { code: 'syntax-error', text: '{ "rules": []«,» }', message: /comma before/, suggestion: /\.jsonc/ },
  { code: 'syntax-error', text: '{ "rules": [1«,»\n] }', message: /comma before/ },
  { code: 'syntax-error', text: '{ "rules": [], «,»', message: /expected a key/ },
  { code: 'syntax-error', text: '«»  \n', message: 'the file is empty' },
  { code: 'syntax-error', text: '{\n  «// no»\n  "rules": [] }', message: /comments/, suggestion: /\.jsonc/ },
  { code: 'syntax-error', text: '{ "rules" «"x"» }', message: /colon/ },
  { code: 'syntax-error', text: '{ "rules": [1 «2»] }', message: /comma/ },
  { code: 'syntax-error', text: '{ "order": 0«1» }', message: /comma/ },
  { code: 'syntax-error', text: '{ "rules": [«}» ] }', message: /expected a value/ },
  { code: 'byte-order-mark', text: '«\u{feff}»{ "rules": [] }' },
  { code: 'nesting-too-deep', text: `${'['.repeat(64)}«[»${']'.repeat(65)}` },
  { code: 'duplicate-key', text: '{ "order": 1,\n  «"order"»: 2, "rules": [] }', jsonPath: 'order' },
  { code: 'forbidden-key', text: use('"use": "a:b", "args": { «"__proto__"»: {} }') },
  { code: 'invalid-utf8', text: rule({ name: '«"\\ud800"»' }) },
  { code: 'forbidden-key', text: '{ "rules": [], «"__proto__"»: {} }' },
  // Shape
  {
    code: 'unknown-key',
    text: rule({ terminate: null, '«terminat': '{ "type": "close" }' }),
    suggestion: /"terminate"/,
  },
  { code: 'unknown-key', text: preset('"reverse_proxy"', '{ «"upstreem"»: "a:1" }'), suggestion: /"upstream"/ },
  { code: 'wrong-type', text: rule({ listen: '«":80"»' }), suggestion: 'write [":80"]' },
  { code: 'wrong-type', text: statik('"status": «"200"»'), suggestion: 'write 200' },
  { code: 'wrong-type', text: proxy('"upstream": "a:1", "timeouts": { "connect": «5» }'), suggestion: 'write "5s"' },
  { code: 'wrong-type', text: match('{ "http.host": { "in": «"a"» } }'), suggestion: 'write ["a"]' },
  {
    code: 'wrong-type',
    text: match('{ "any_of": «{» "http.host": { "equals": "a" } } }'),
    suggestion: 'write [{ … }]',
  },
  {
    code: 'invalid-predicate',
    text: match('{ "http.host": { "equals": "a" }, «"http.uri.path"»: { "equals": "/" } }'),
    suggestion: /all_of/,
  },
  { code: 'unknown-field', text: match('{ «"or"»: [{ "http.host": { "equals": "a" } }] }'), suggestion: /"any_of"/ },
  { code: 'unknown-field', text: match('{ «"http.path"»: { "equals": "/a" } }'), suggestion: /"http\.uri\.path"/ },
  { code: 'unknown-field', text: match('{ «"http.headers.x"»: { "equals": "a" } }'), suggestion: /"http\.header\.x"/ },
  { code: 'unknown-operator', text: match('{ "http.host": { «"eq"»: "a" } }'), suggestion: /"equals"/ },
  { code: 'unknown-operator', text: match('{ "http.host": { «"regex"»: "a" } }'), suggestion: /"matches"/ },
  { code: 'unknown-operator', text: match('{ "http.host": { «"startsWith"»: "a" } }'), suggestion: /"prefix"/ },
  { code: 'unknown-operator', text: match('{ "remote.port": { «">="»: 1 } }'), suggestion: /"gte"/ },
  { code: 'invalid-operand', text: match('{ "http.version": { "equals": «"HTTP/2.0"» } }'), suggestion: 'write "2"' },
  { code: 'invalid-operand', text: match('{ "tls.version": { "equals": «"TLSv1.3"» } }'), suggestion: 'write "1.3"' },
  { code: 'unknown-value', text: use('"use": "a:b", "on_error": «"closed"»'), suggestion: /"close"/ },
  { code: 'invalid-name', text: rule({ name: '«"a\u202eb"»' }) },
  { code: 'wrong-type', text: '«[»1]', message: /expected a rule file \(an object\), found a list/ },
  { code: 'wrong-type', text: '{ "rules": [«1»] }', jsonPath: 'rules[0]' },
  { code: 'wrong-type', text: rule({ name: '«7»' }), message: /found a number/, jsonPath: 'rules[0].name' },
  { code: 'wrong-type', text: rule({ listen: '«":8080"»' }), message: /a list of listen addresses, found a string/ },
  { code: 'wrong-type', text: rule({ priority: '«"high"»' }) },
  { code: 'wrong-type', text: rule({ middleware_chain: '[«"a:b"»]' }), suggestion: 'write { "use": "a:b" }' },
  { code: 'wrong-type', text: use('"use": "a:b", "args": «[»]') },
  { code: 'wrong-type', text: use('"use": "a:b", "on_error": «3»') },
  { code: 'wrong-type', text: statik('"status": 200, "headers": «[»]') },
  { code: 'wrong-type', text: statik('"status": 200, "headers": { "a": «1» }') },
  { code: 'wrong-type', text: statik('"status": 200, "body": «7»') },
  { code: 'wrong-type', text: preset('"reverse_proxy"', '{ "upstream": "a:1", "websocket": «7» }') },
  { code: 'missing-key', text: '«{»}', message: /needs the key "rules"/ },
  {
    code: 'missing-key',
    text: '{ "rules": [«{» "name": "a", "listen": [":1"] }] }',
    message: 'a rule needs the key "terminate"',
  },
  { code: 'missing-key', text: terminate('«{»}'), message: /"type"/ },
  { code: 'missing-key', text: terminate('«{» "type": "http_proxy" }'), message: /"upstream"/ },
  { code: 'unknown-key', text: '{ «"ordre"»: 1, "rules": [] }', suggestion: 'did you mean "order"?' },
  {
    code: 'unknown-key',
    text: rule({ '«prioriti': '3' }),
    suggestion: 'did you mean "priority"?',
    jsonPath: 'rules[0].prioriti',
  },
  { code: 'unknown-key', text: terminate('{ "type": "close", «"status"»: 1 }') },
  {
    code: 'unknown-key',
    text: proxy('"upstream": "a:1", "timeouts": { «"connekt"»: "1s" }'),
    suggestion: 'did you mean "connect"?',
  },
  { code: 'unknown-value', text: proxy('"upstream": "a:1", "version": «"h9"»') },
  { code: 'unknown-value', text: use('"use": "a:b", "on_error": «"ignore"»') },
  { code: 'empty-list', text: rule({ listen: '«[»]' }) },
  { code: 'empty-list', text: match('{ "any_of": «[»] }') },
  { code: 'empty-list', text: match('{ "http.host": { "in": «[»] } }') },
  { code: 'out-of-range', text: rule({ priority: '«1.5»' }) },
  { code: 'out-of-range', text: rule({ max_body_bytes_request: '«-1»' }) },
  { code: 'out-of-range', text: statik('"status": «101»') },
  { code: 'out-of-range', text: proxy('"upstream": "a:1", "timeouts": { "idle": «"40d"» }') },
  { code: 'out-of-range', text: use('"use": "a:b", "args": { "x": [«1e999»] }') },
  { code: 'out-of-range', text: match('{ "remote.port": { "equals": «70000» } }') },
  // Rules
  { code: 'invalid-name', text: rule({ name: '«""»' }) },
  { code: 'invalid-name', text: rule({ name: '«"a\\nb"»' }) },
  { code: 'invalid-name', text: rule({ name: `«"${'x'.repeat(129)}"»` }) },
  { code: 'invalid-listen', text: listen('«":0"»'), message: /from 1 to 65535/ },
  { code: 'invalid-listen', text: listen('":80", «":65536"»'), jsonPath: 'rules[0].listen[1]' },
  { code: 'invalid-listen', text: listen('«"8080"»'), suggestion: 'write ":8080"' },
  { code: 'invalid-listen', text: listen('«"localhost:80"»'), suggestion: 'write "127.0.0.1:80"' },
  { code: 'invalid-listen', text: listen('«"::1:80"»'), suggestion: 'write "[::1]:80"' },
  { code: 'invalid-listen', text: listen('«"[127.0.0.1]:80"»'), suggestion: 'write "127.0.0.1:80"' },
  { code: 'invalid-listen', text: listen('«"unix:run/x.sock"»'), message: /not absolute/ },
  { code: 'invalid-upstream', text: proxy('"upstream": «"http://app/x"»'), suggestion: 'write "app:80"' },
  { code: 'invalid-upstream', text: proxy('"upstream": «"app"»'), message: /no port/ },
  { code: 'invalid-upstream', text: proxy('"upstream": «"1.2.3:80"»') },
  { code: 'invalid-upstream', text: proxy('"upstream": «"a b:80"»') },
  { code: 'invalid-upstream', text: terminate('{ "type": "unix_proxy", "path": «"x.sock"» }') },
  { code: 'invalid-host', text: proxy('"upstream": "a:1", "host": «"a/b"»') },
  {
    code: 'invalid-duration',
    text: proxy('"upstream": "a:1", "timeouts": { "connect": «"5"» }'),
    suggestion: 'write "5s" for seconds',
  },
  { code: 'invalid-duration', text: proxy('"upstream": "a:1", "timeouts": { "total": «"1.5s"» }') },
  { code: 'invalid-header', text: statik('"status": 200, "headers": { «"a b"»: "x" }') },
  { code: 'invalid-header', text: statik('"status": 200, "headers": { "a": «"x\\r\\ny: z"» }') },
  { code: 'invalid-header', text: statik('"status": 200, "headers": { "a": ["ok", «"\\u0000"»] }') },
  { code: 'framing-header', text: statik('"status": 200, "headers": { «"Content-Length"»: "3" }') },
  {
    code: 'framing-header',
    text: use('"use": "a:b", "on_error": { "response": { "status": 500, "headers": { «"transfer-encoding"»: "x" } } }'),
  },
  { code: 'body-not-allowed', text: statik('"status": 204, "body": «"x"»') },
  {
    code: 'unknown-template',
    text: statik('"status": 200, "headers": { "a": "x«${hots}»-${host}" }'),
    suggestion: 'did you mean "host"?',
  },
  { code: 'unknown-template', text: statik('"status": 200, "headers": { "a": "x«${host»" }'), message: /not closed/ },
  { code: 'invalid-use', text: use('"use": «"a.wasm:b"»'), suggestion: 'write "a:b", without ".wasm"' },
  { code: 'invalid-use', text: use('"use": «"../a:b"»') },
  { code: 'invalid-use', text: use('"use": «":b"»') },
  { code: 'unknown-terminator', text: terminate('{ "type": «"statik"» }'), suggestion: 'did you mean "static"?' },
  { code: 'unknown-preset', text: preset('«"reverse_proxi"»', '{}'), suggestion: 'did you mean "reverse_proxy"?' },
  // Predicates
  { code: 'invalid-predicate', text: match('«{»}'), message: /exactly one key, this one has 0/ },
  { code: 'invalid-predicate', text: match('{ "not": { "http.method": { "equals": "A" } }, «"any_of"»: [] }') },
  { code: 'invalid-predicate', text: match('{ "http.host": { "prefix": "a", «"suffix"»: "b" } }') },
  { code: 'wrong-type', text: match('{ "http.host": «"a"» }'), suggestion: 'write { "equals": "a" }' },
  { code: 'unknown-field', text: match('{ «"host"»: { "equals": "a" } }'), suggestion: 'did you mean "http.host"?' },
  {
    code: 'unknown-field',
    text: match('{ «"http.mehtod"»: { "equals": "A" } }'),
    suggestion: 'did you mean "http.method"?',
  },
  {
    code: 'unknown-field',
    text: match('{ «"http.header"»: { "equals": "A" } }'),
    suggestion: 'did you mean "http.header.<name>"?',
  },
  {
    code: 'unknown-field',
    text: match('{ «"http.header.Accept"»: { "equals": "A" } }'),
    suggestion: 'write "http.header.accept"',
  },
  { code: 'unknown-field', text: match('{ «"http.header.a b"»: { "equals": "A" } }') },
  {
    code: 'unknown-operator',
    text: match('{ "http.host": { «"equal"»: "a" } }'),
    suggestion: 'did you mean "equals"?',
  },
  { code: 'unknown-operator', text: match('{ "http.host": { «"__proto__x"»: "a" } }') },
  { code: 'operator-mismatch', text: match('{ "remote.ip": { «"prefix"»: "10." } }'), suggestion: /cidr/ },
  {
    code: 'operator-mismatch',
    text: match('{ "http.host": { «"path_prefix"»: "/a" } }'),
    message: /applies to http\.uri\.path/,
  },
  {
    code: 'invalid-operand',
    text: match('{ "http.method": { "in": ["GET", «"post"»] } }'),
    suggestion: 'write "POST"',
  },
  { code: 'invalid-operand', text: match('{ "http.version": { "equals": «"1"» } }') },
  { code: 'invalid-operand', text: match('{ "remote.ip": { "equals": «"10.0.0.0/8"» } }'), suggestion: /cidr/ },
  {
    code: 'invalid-operand',
    text: match('{ "remote.ip": { "equals": «"::ffff:10.0.0.1"» } }'),
    suggestion: 'write "10.0.0.1"',
  },
  {
    code: 'invalid-operand',
    text: match('{ "http.host": { "equals": «"a.test:8080"» } }'),
    suggestion: 'write "a.test"',
  },
  {
    code: 'invalid-operand',
    text: match('{ "http.uri.path": { "path_prefix": «"api"» } }'),
    suggestion: 'write "/api"',
  },
  {
    code: 'invalid-network',
    text: match('{ "remote.ip": { "cidr": «"10.0.0.1"» } }'),
    suggestion: 'write "10.0.0.1/32"',
  },
  { code: 'invalid-network', text: match('{ "remote.ip": { "cidr": «"10.0.0.0/33"» } }') },
  {
    code: 'upper-case-literal',
    text: match('{ "http.host": { "equals": «"A.test"» } }'),
    suggestion: 'write "a.test"',
  },
  {
    code: 'upper-case-literal',
    text: match('[{ "not": { "http.host": { "suffix": «".TEST"» } } }]'),
    jsonPath: 'rules[0].match[0].not["http.host"].suffix',
  },
  { code: 'wrong-type', text: match('{ "peek": { "prefix": «7» } }'), message: /bytes to compare peek with/ },
  { code: 'invalid-base64', text: match('{ "peek": { "prefix": { "base64": «"Fg="» } } }') },
  { code: 'invalid-base64', text: match('{ "tls.alpn": { "equals": { "base64": «"-_8="» } } }'), suggestion: /"\+"/ },
  { code: 'wrong-type', text: match('{ "peek": { "prefix": «{» "base64": "", "utf8": "" } } }') },
  {
    code: 'operator-mismatch',
    text: match('{ "tls.peer_cert.san_dns": { «"equals"»: "a" } }'),
    suggestion: /not_contains/,
  },
  { code: 'operator-mismatch', text: match('{ "tls.peer_cert.present": { «"in"»: [true] } }') },
  { code: 'operator-mismatch', text: match('{ "http.body": { «"matches"»: "a" } }') },
  { code: 'operator-mismatch', text: match('{ "http.host": { «"gt"»: 1 } }') },
  { code: 'invalid-operand', text: match('{ "tls.version": { "equals": «"1.1"» } }') },
  { code: 'upper-case-literal', text: match('{ "tls.sni": { "in": ["a", «"B"»] } }'), suggestion: 'write "b"' },
  { code: 'out-of-range', text: match('{ "remote.port": { "lte": «65536» } }') },
  { code: 'unknown-field', text: match('{ «"sni"»: { "equals": "a" } }'), suggestion: 'did you mean "tls.sni"?' },
  { code: 'unknown-field', text: match('{ «"http.cookie"»: { "equals": "a" } }'), suggestion: /http\.cookie\.<name>/ },
  { code: 'invalid-pattern', text: match('{ "http.host": { "matches": "^(a|b«[»" } }'), message: /at offset 5/ },
  {
    code: 'invalid-pattern',
    text: match('{ "http.host": { "matches": "\\\\.«(?=»a)" } }'),
    suggestion: /no look-around/,
  },
  {
    code: 'invalid-pattern',
    text: match('{ "http.host": { "matches": "(a)«\\\\1»" } }'),
    suggestion: /no back-references/,
  },
  { code: 'invalid-pattern', text: match('{ "http.host": { "matches": "a«{1001}»" } }') },
  {
    code: 'pattern-too-large',
    text: match('{ "http.host": { "matches": «"((a{1000}){1000})"» } }'),
    message: /5000 instr/,
  },
  {
    code: 'pattern-too-large',
    text: match(`{ "http.host": { "matches": «"${'é'.repeat(2_049)}"» } }`),
    message: /4096 bytes/,
  },
  // TLS on a listener
  { code: 'missing-key', text: rule({ tls: '«{» "cert_file": "a" }' }), message: /"key_file", or "managed"/ },
  { code: 'upper-case-literal', text: rule({ tls: '{ "sni": «"A.test"», "cert_file": "a", "key_file": "b" }' }) },
  { code: 'invalid-host', text: rule({ tls: '{ "sni": «"10.0.0.1"», "cert_file": "a", "key_file": "b" }' }) },
  { code: 'invalid-path', text: rule({ tls: '{ "cert_file": «""», "key_file": "b" }' }) },
  {
    code: 'zero-rtt-unavailable',
    text: rule({ tls: '{ "cert_file": "a", "key_file": "b", "enable_zero_rtt": «true» }' }),
  },
  {
    code: 'conflicting-keys',
    text: rule({ tls: '{ "sni": "a.test", «"key_file"»: "b", "managed": {} }' }),
    message: /"managed", which brings its own/,
  },
  {
    code: 'conflicting-keys',
    text: rule({ tls: '{ "cert_file": "a", "key_file": "b", "ocsp_path": "c", «"ocsp_fetch"»: true }' }),
  },
  { code: 'conflicting-keys', text: rule({ tls: '{ "sni": "*.a.test", "managed": «{»} }' }), message: /proven by DNS/ },
  { code: 'missing-key', text: rule({ tls: '{ "managed": «{»} }' }), message: /"domains"/ },
  { code: 'invalid-url', text: rule({ tls: '{ "sni": "a", "managed": { "directory_url": «"http://a/"» } }' }) },
  {
    code: 'missing-key',
    text: rule({ tls: '{ "cert_file": "a", "key_file": "b", "client_auth": «{» "mode": "require" } }' }),
    message: /"trust_store"/,
  },
  {
    code: 'missing-key',
    text: rule({
      tls: '{ "cert_file": "a", "key_file": "b", "client_auth": { "mode": "none", "trust_store": «{» "crls": ["x"] } } }',
    }),
    message: /trusts nobody/,
  },
  // Terminators
  { code: 'invalid-listen', text: listen('«"udp:unix:/run/x"»'), message: /datagrams/ },
  { code: 'missing-key', text: terminate('«{» "type": "tcp_forward" }'), message: /"upstream"/ },
  { code: 'unknown-key', text: terminate('{ "type": "websocket", "upstream": "a:1", «"version"»: "h1" }') },
  {
    code: 'invalid-upstream',
    text: terminate('{ "type": "udp_forward", "upstream": «"unix:/x"» }'),
    message: /datagrams/,
  },
  { code: 'out-of-range', text: terminate('{ "type": "redirect_https", "port": «0» }') },
  { code: 'conflicting-keys', text: terminate('{ "type": «"http3_proxy"», "upstream": "a:1" }'), suggestion: /"tls"/ },
  {
    code: 'conflicting-keys',
    text: terminate('{ "type": "unix_proxy", "path": "/x", "version": «"h3"», "tls": {} }'),
    message: /Unix socket/,
  },
  {
    code: 'conflicting-keys',
    text: proxy('"upstream": "a:1", "tls": { "insecure_skip_verify": true, «"ca_file"»: "x" }'),
  },
  {
    code: 'invalid-host',
    text: proxy('"upstream": "a:1", "tls": { "sni": «"a:443"» }'),
    suggestion: /without the port/,
  },
  { code: 'invalid-nameserver', text: proxy('"upstream": "a:1", "dns": { "nameservers": [«"dns.test"»] }') },
  { code: 'out-of-range', text: proxy('"upstream": "a:1", "retry": { "max_attempts": «11» }') },
  { code: 'invalid-operand', text: proxy('"upstream": "a:1", "retry": { "methods": [«"get"»] }'), suggestion: /"GET"/ },
  { code: 'unknown-value', text: proxy('"upstream": "a:1", "retry": { "backoff": «"linear"» }') },
  { code: 'wrong-type', text: proxy('"upstream": "a:1", "retry": { "backoff": «7» }') },
  {
    code: 'wrong-type',
    text: proxy('"upstream": "a:1", "retry": { "backoff": «"fixed"» }'),
    suggestion: /\{ "fixed": "1s" \}/,
  },
  {
    code: 'out-of-range',
    text: proxy('"upstream": "a:1", "retry": { "backoff": { "exponential": { "base": «"6s"» } } }'),
  },
  {
    code: 'invalid-path',
    text: terminate(
      `{ "type": "cgi", "binary": «"app"», "script_name": "", "block_headers": [],
         "security": { "uid": 1, "gid": 1, "limits": { "memory_mb": 1, "cpu_seconds": 1, "max_processes": 1 } } }`,
    ),
  },
  { code: 'invalid-base64', text: statik('"status": 200, "body": { "base64": «"a b"» }') },
  { code: 'wrong-type', text: statik('"status": 200, "body": «{» "base64": "", "x": 1 }') },
  // Presets
  { code: 'empty-list', text: preset('"reverse_proxy"', '{ "upstream": "a:1", "websocket": «[»] }') },
  {
    code: 'missing-key',
    text: preset('"reverse_proxy"', '{ "upstream": "a:1", "rate_limit": «{»} }'),
    message: /"rate"/,
  },
  {
    code: 'out-of-range',
    text: preset('"reverse_proxy"', '{ "upstream": "a:1", "rate_limit": { "rate": 1, "window": «"2m"» } }'),
  },
  {
    code: 'unknown-value',
    text: preset(
      '"reverse_proxy"',
      '{ "upstream": "a:1", "rate_limit": { "rate": 1, "key": { "composite": [«{» "composite": ["global"] }] } } }',
    ),
  },
  { code: 'unknown-key', text: preset('"redirect_https"', '{ «"port"»: 1 }') },
  { code: 'unknown-value', text: preset('"port_forward"', '{ "upstream": "a:1", "transport": «"sctp"» }') },
]

test.each(REFUSALS.map((refusal, index) => [`${index} ${refusal.code}`, refusal] as const))(
  'refuses %s',
  (_name, refusal) => {
    const start = refusal.text.indexOf('«')
    const end = refusal.text.indexOf('»') - 1
    expect([start, end]).not.toContain(-1)
    const before = refusal.text.slice(0, start).split('\n')
    const text = refusal.text.replace('«', '').replace('»', '')

    const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
    expect(diagnostics).toHaveLength(1)
    const [found] = diagnostics
    expect(found).toMatchObject({ severity: 'error', code: refusal.code })
    expect(found?.span).toEqual({
      file: 'rules/x.json',
      offset: start,
      length: end - start,
      line: before.length,
      column: before.at(-1)!.length + 1,
    })
    if (refusal.message !== undefined) expect(found?.message).toMatch(refusal.message)
    if (refusal.suggestion !== undefined) expect(found?.suggestion).toMatch(refusal.suggestion)
    if (refusal.jsonPath !== undefined) expect(found?.path).toBe(refusal.jsonPath)
    // House style, on every message there is.
    expect(found?.message).toMatch(/^(?![A-Z][a-z])[^\n]*[^.\n]$/)
  },
)

test('a file that is too large is refused before it is looked at', () => {
  const text = ' '.repeat(16 * 1024 * 1024 + 1)
  const { file, diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(file).toBeUndefined()
  expect(diagnostics).toMatchObject([{ code: 'file-too-large', span: { line: 1, column: 1 } }])
})

test('a file with too many values is refused before it is parsed', () => {
  const text = `[${'1,'.repeat(2_000_001)}1]`
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(diagnostics).toMatchObject([{ code: 'too-many-values', span: { line: 1 } }])
})

test('a file that is wrong everywhere reports a bounded number of problems', () => {
  const text = JSON.stringify({ rules: Array.from({ length: 5_000 }, () => 1) })
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(diagnostics).toHaveLength(201)
  expect(diagnostics.at(-1)).toMatchObject({ code: 'too-many-problems' })
})

test('warnings without end are bounded, too, and neither refuse a file nor hide what does', () => {
  const match = {
    any_of: Array.from({ length: 5_000 }, (_, at) => ({ 'remote.ip': { cidr: `10.0.${at & 255}.1/24` } })),
  }
  const good = { name: 'a', listen: [':80'], match, terminate: { type: 'close' } }
  const warned = parseRuleFile({ path: 'rules/x.json', text: JSON.stringify({ rules: [good] }) })
  expect(warned.diagnostics).toHaveLength(201)
  expect(new Set(warned.diagnostics.map(({ severity }) => severity))).toEqual(new Set(['warning']))
  expect(warned.file?.rules).toHaveLength(1)
  const bad = { name: 'b', listen: [':0'], terminate: { type: 'close' } }
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text: JSON.stringify({ rules: [good, bad] }) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([{ code: 'invalid-listen' }])
})

test('syntax errors on several lines are all reported', () => {
  const text = '{\n  "order": 01,\n  rules: [],\n  "x" 1\n}'
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(diagnostics.map((diagnostic) => diagnostic.span?.line)).toEqual([2, 3, 4])
})

test('a duplicate key shows both places', () => {
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text: '{ "order": 1,\n "order": 2, "rules": [] }' })
  expect(diagnostics[0]?.related).toMatchObject([{ span: { line: 1, column: 3 } }])
})

test('all problems of a file come back at once', () => {
  const text = `{ "ordre": 1, "rules": [
    { "name": "", "listen": [":0", ":1"], "match": [{ "x": { "equals": 1 } }, { "http.host": { "equals": "A" } }], "terminate": { "type": "no" } },
    { "name": "b", "listen": [], "terminate": { "type": "static", "status": 1, "headers": { "te": "x", "b": "\\n" } } }
  ] }`
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(diagnostics.map((diagnostic) => diagnostic.code).toSorted()).toEqual([
    'empty-list',
    'framing-header',
    'invalid-header',
    'invalid-listen',
    'invalid-name',
    'out-of-range',
    'unknown-field',
    'unknown-key',
    'unknown-terminator',
    'upper-case-literal',
  ])
})

test('a bracket that nothing closes is shown', () => {
  const text = '{ "rules": [\n  { "name": "a{[",\n    "listen": [":80"]\n'
  const { diagnostics } = parseRuleFile({ path: 'rules/x.json', text })
  expect(diagnostics).toMatchObject([
    { code: 'syntax-error', related: [{ message: 'opened here', span: { line: 2, column: 3 } }] },
  ])
})

test('a key that is long is not all of a path', () => {
  const { diagnostics } = parseRuleFile({
    path: 'rules/x.json',
    text: `{ "a${'x'.repeat(1_000_000)}": 1, "rules": [] }`,
  })
  expect(diagnostics[0]!.path!.length).toBeLessThan(100)
})

test('a network is warned of that is written with an address inside of it', () => {
  const warned = (cidr: string): string | undefined => {
    const { diagnostics } = parseRuleFile({ path: 'x.json', text: match(JSON.stringify({ 'remote.ip': { cidr } })) })
    return diagnostics[0]?.suggestion
  }
  expect(warned('10.1.2.3/8')).toBe('write "10.0.0.0/8", or "10.1.2.3/32" for that address alone')
  expect(warned('2001:DB8::1/32')).toBe('write "2001:db8::/32", or "2001:db8::1/128" for that address alone')
  for (const clean of ['10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0', '2001:0DB8:0::/32', '::/0'])
    expect(warned(clean)).toBeUndefined()
})
