import { DEFAULT_RETRY, FIELDS, OPERATORS, parseDuration, PRESET_NAMES, type PluginKind } from 'vane-core'
import { BUILTIN_MIDDLEWARE, compile, type MetadataProvider } from 'vane-engine/compile'
import { findUnsupported } from 'vane-engine/config'
import { describe, expect, test } from 'vitest'
import { compileReport, compileText, toRuleFile } from '../src/compile-example.ts'
import { readFences } from '../src/read-fences.ts'
import { codesOf, tablesUnder, tableUnder } from '../src/read-tables.ts'
import { readPage } from '../src/repository.ts'
import { runTutorial } from '../src/run-tutorial.ts'

const page = await readPage('rules')
const fences = readFences(page)
const PLUGINS = { 'gate:require-key': 'l7-request', 'gate:stamp': 'l7-response' } as const

describe('examples', () => {
  // Those of the tutorial are run, in the order of its steps.
  const examples = fences.filter(({ language, marks }) => language.startsWith('json') && !marks.includes('tutorial'))

  test('there are some of each kind, and none without a mark', () => {
    const counts = Object.groupBy(examples, ({ marks }) => marks.join(' '))
    expect(Object.keys(counts).toSorted()).toEqual(['match', 'rules', 'rules refused', 'terminate'])
  })

  test.each(examples.filter(({ marks }) => !marks.includes('refused')))('the one in line $line compiles', (fence) => {
    expect(compileReport(toRuleFile(fence), PLUGINS)).toBe('')
  })

  test.each(examples.filter(({ marks }) => marks.includes('refused')))(
    'the one in line $line is refused in the words of the page',
    (fence) => {
      const report = fences[fences.indexOf(fence) + 1]
      expect(report?.language).toBe('text')
      expect(`${compileReport(fence.text, PLUGINS)}\n`).toBe(report?.text)
    },
  )
})

describe('the tutorial', () => {
  const runs = runTutorial(fences)

  test('goes on to its end', async () => {
    expect((await runs).length).toBeGreaterThan(8)
    expect(fences.filter(({ marks }) => marks.includes('tutorial')).length).toBeGreaterThan(15)
  })

  test.each(fences.filter(({ language, marks }) => language === 'sh' && marks.includes('tutorial')))(
    'the commands in line $line print what the page says',
    async ({ line }) => {
      const { told, actual } = (await runs).find(({ fence }) => fence.line === line)!
      // What a configuration's version is may change with every version of the compiler.
      const masked = [actual, told].map((text) =>
        text.replaceAll(/\d+ nodes, version [0-9a-f]{12}$/gm, '… nodes, version …'),
      )
      expect(masked[0]).toBe(masked[1])
    },
  )
})

const firstCodes = (heading: string, column = 0): string[] =>
  tablesUnder(page, heading).flatMap(({ rows }) => rows.flatMap((row) => codesOf(row[column] ?? '')))

/** `rules[0].x` as a whole rule file, for what the page says of single keys. */
const ruleWith = (part: object): string =>
  JSON.stringify({ rules: [{ name: 'x', listen: [':1'], terminate: { type: 'close' }, ...part }] })
const codes = (text: string): string[] => compileText(text).map(({ code }) => code)

/** Plugins whose exports are named for their kinds. */
const ANY_KIND: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: ({ exportName }) => ({
    path: '/wasm/a.wasm',
    meta: { kind: exportName as PluginKind, stateless: true, needsBody: false, inspects: [] },
  }),
}

const MIDDLEWARE_ARGS: Readonly<Record<string, object>> = {
  host_header_match: { hosts: ['a.test'] },
  path_prefix: { prefixes: ['/a'] },
  method_match: { methods: ['GET'] },
  sni_peek: {},
  forward_client_ip: {},
  rate_limit: { rate: 1 },
}

describe('fields', () => {
  const shown = (path: string): string => (path.endsWith('.') ? `${path}<name>` : path)

  test('the table has all of them, with their types', () => {
    const { rows } = tableUnder(page, 'Fields')
    const documented = rows.flatMap(([names = '', type]) => codesOf(names).map((name) => [name, type]))
    const real = FIELDS.map(({ path, type }) => [shown(path), type])
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(real))
  })

  test('the last section has those that this version cannot read', () => {
    const values: Record<string, unknown> = { bool: true, int: 80, ip: '192.0.2.1', enum: undefined }
    const others = FIELDS.filter(({ path, type, values: words }) => {
      const op = type === 'list' ? 'contains' : 'equals'
      const value = type === 'enum' ? (words?.[0] ?? 'GET') : (values[type] ?? (path === 'http.uri.path' ? '/a' : 'a'))
      return missing({ match: { [path.endsWith('.') ? `${path}a` : path]: { [op]: value } } }) > 0
    })
    const grouped = others.map(({ path }) => path.replace(/^tls\.peer_cert\..*/, 'tls.peer_cert.*'))
    expect(new Set(notYet('fields'))).toEqual(new Set(grouped))
  })
})

test('the table of operators has all of them, with their types', () => {
  const real = Object.entries(OPERATORS).map(([name, { types, onlyField }]) => [
    name,
    onlyField === undefined ? types.join(', ') : `\`${onlyField}\``,
  ])
  const documented = tableUnder(page, 'Operators').rows.flatMap(([names = '', types]) =>
    codesOf(names).map((name) => [name, types]),
  )
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(real))
})

describe('rules, presets, middleware', () => {
  test('the keys of a rule are those of the table', () => {
    const keys = tablesUnder(page, 'Rule files').flatMap(({ rows }) => rows.map(([name = '']) => codesOf(name)[0]!))
    expect(keys.length).toBeGreaterThan(5)
    const values: Record<string, unknown> = {
      name: 'x',
      listen: [':1'],
      match: [],
      priority: 0,
      middleware_chain: [],
      terminate: { type: 'close' },
      tls: { cert_file: 'c.pem', key_file: 'k.pem' },
      max_body_bytes_request: 8388608,
      max_body_bytes_response: 8388608,
    }
    expect(keys.toSorted()).toEqual(Object.keys(values).toSorted())
    expect(compileReport(ruleWith(values))).toBe('')
    for (const key of ['name', 'listen', 'terminate'])
      expect(codes(ruleWith({ [key]: undefined }))).toContain('missing-key')
  })

  test('presets', () => {
    expect(firstCodes('Presets')).toEqual(PRESET_NAMES)
  })

  test('every argument of a preset that the table names is taken', () => {
    const args = {
      upstream: '127.0.0.1:1',
      forward_client_ip: true,
      rate_limit: { rate: 1 },
      timeouts: {},
      websocket: false,
    }
    const [reverseProxy, staticSite] = tableUnder(page, 'Presets').rows.map(([, cell = '']) => codesOf(cell))
    expect(reverseProxy?.filter((word) => !['true', 'false'].includes(word)).toSorted()).toEqual(
      Object.keys(args).toSorted(),
    )
    expect(staticSite).toEqual(['status', 'headers', 'body'])
    expect(
      compileReport(JSON.stringify({ rules: [{ preset: 'reverse_proxy', name: 'x', listen: [':1'], args }] })),
    ).toBe('')
  })

  test('middleware', () => {
    const headings = [...page.matchAll(/^### ([a-z_, ]+)$/gm)].flatMap(([, names = '']) => names.split(', '))
    const described = headings.filter((name) => Object.hasOwn(BUILTIN_MIDDLEWARE, name))
    expect([...described, ...notYet('middleware')].toSorted()).toEqual(Object.keys(BUILTIN_MIDDLEWARE).toSorted())
    expect(Object.keys(MIDDLEWARE_ARGS)).toEqual(Object.keys(BUILTIN_MIDDLEWARE))
    const lacking = Object.entries(MIDDLEWARE_ARGS).filter(
      ([use, args]) => missing({ middleware_chain: [{ use, args }] }) > 0,
    )
    expect(lacking.map(([use]) => use)).toEqual(notYet('middleware'))
  })

  test('the arguments of forward_client_ip, and their defaults', () => {
    const { rows } = tableUnder(page, 'forward_client_ip')
    const use = 'forward_client_ip'
    const given = {
      headers: ['x-forwarded-for', 'x-real-ip', 'forwarded'],
      trusted_proxies: [],
      strip_inbound_forwarded: true,
    }
    expect(rows.map(([name = '']) => codesOf(name)[0])).toEqual(Object.keys(given))
    expect(compileReport(ruleWith({ middleware_chain: [{ use, args: given }] }))).toBe('')
  })
})

describe('terminate', () => {
  test('the keys of http_proxy are those of the table, and the defaults are what it says', () => {
    const { rows } = tableUnder(page, 'http_proxy')
    const defaults = Object.fromEntries(
      rows.map(([name = '', value = '']) => [codesOf(name)[0], codesOf(value)[0] ?? value]),
    )
    expect(defaults).toEqual({
      upstream: 'required',
      version: 'auto',
      tls: 'none',
      'dns.nameservers': "the system's",
      host: 'preserve',
      'timeouts.connect': '5s',
      'timeouts.first_byte': '60s',
      'timeouts.idle': '60s',
      'timeouts.total': 'none',
      retry: 'none',
    })
    const timeouts = { connect: '5s', first_byte: '60s', idle: '60s' }
    const written = { type: 'http_proxy', upstream: 'a:1', version: 'auto', tls: {}, host: 'preserve', timeouts }
    expect(compileReport(ruleWith({ terminate: written }))).toBe('')
  })

  test('the keys of retry are those of the table, and the defaults are what it says', () => {
    const { rows } = tableUnder(page, 'Trying again')
    const [attempts, methods, backoff, buffering] = rows.map(([, value = '']) => codesOf(value))
    expect(rows.map(([name = '']) => codesOf(name)[0])).toEqual(['max_attempts', 'methods', 'backoff', 'buffering'])
    expect(Number(attempts![0])).toBe(DEFAULT_RETRY.maxAttempts)
    expect(methods!.toSorted()).toEqual(DEFAULT_RETRY.methods)
    expect([backoff![0], buffering![0]]).toEqual([DEFAULT_RETRY.backoff.kind, DEFAULT_RETRY.buffering])
    const retryOf = (written: unknown): unknown => {
      const text = ruleWith({ terminate: { type: 'http_proxy', upstream: 'a:1', retry: { backoff: written } } })
      return compile({ files: [{ path: 'x.json', text }] }).graph?.fetches.map(
        ({ spec }) => 'retry' in spec && spec.retry,
      )
    }
    const exponential = { exponential: { base: '100ms', max: '5s', jitter: true } }
    expect(page).toContain('`{ "exponential": { "base": "100ms", "max": "5s", "jitter": true } }`')
    expect(retryOf('exponential')).toEqual(retryOf(exponential))
  })

  test('those of the last section compile and do not run', () => {
    const proxy = { upstream: 'a:1' }
    const written: Record<string, object> = {
      http3_proxy: { ...proxy, tls: {} },
      udp_forward: proxy,
    }
    expect(Object.keys(written)).toEqual(notYet('terminators'))
    for (const [type, args] of Object.entries(written)) {
      const listen = type === 'udp_forward' ? ['udp::1'] : [':1']
      expect([type, missing({ listen, terminate: { type, ...args } }) > 0]).toEqual([type, true])
    }
  })
})

test('listen addresses of the table are understood, what the text refuses is refused', () => {
  const written = firstCodes('Listen')
  expect(written).toContain('unix:/run/vane.sock')
  for (const address of written) {
    expect(compileReport(ruleWith({ listen: [address, `tcp:${address}`] }))).toBe('')
  }
  for (const address of [':0', 'localhost:8080'])
    expect(codes(ruleWith({ listen: [address] }))).toEqual(['invalid-listen'])
  const overlap = {
    rules: [':8080', '127.0.0.1:8080'].map((listen) => ({
      name: listen,
      listen: [listen],
      terminate: { type: 'close' },
    })),
  }
  expect(codes(JSON.stringify(overlap))).toContain('listen-overlap')
})

test('durations', () => {
  for (const unit of ['ms', 's', 'm', 'h', 'd']) expect(parseDuration(`24${unit}`)).toHaveProperty('value')
  expect(parseDuration('1ms')).toEqual({ value: 1 })
  for (const text of ['0s', '25d', '1w', '5']) expect(parseDuration(text)).toHaveProperty('problem')
})

test('what else the last section names compiles and does not run', () => {
  const proxy = { type: 'http_proxy', upstream: 'a:1' }
  const written: Record<string, object> = {
    managed: { tls: { sni: 'a.test', managed: {} } },
    ocsp_fetch: { tls: { cert_file: 'c.pem', key_file: 'k.pem', ocsp_fetch: true } },
    'udp:': { listen: ['udp::1'], terminate: { type: 'close' } },
    h3: { terminate: { ...proxy, version: 'h3', tls: {} } },
    'l4-peek': { middleware_chain: [{ use: 'a:l4-peek' }] },
    'l4-bytes': { middleware_chain: [{ use: 'a:l4-bytes' }] },
  }
  const documented = notYet('elsewhere').filter((word) => word !== 'version')
  expect(documented.toSorted()).toEqual(Object.keys(written).toSorted())
  for (const [word, part] of Object.entries(written)) expect([word, missing(part)]).toEqual([word, 1])
})

test('the order of matching', () => {
  const rule = (name: string, part: object = {}): object => ({
    name,
    listen: [':1'],
    terminate: { type: 'close' },
    ...part,
  })
  const host = { 'http.host': { equals: 'a' } }
  const peer = { 'remote.ip': { equals: '192.0.2.1' } }
  const path = { 'http.uri.path': { equals: '/' } }
  const rules = [
    rule('b'),
    rule('a'),
    rule('by-address', { match: peer }),
    rule('by-host', { match: host }),
    rule('by-host-and-path', { match: [host, path] }),
    rule('by-priority', { priority: 1 }),
  ]
  const { graph } = compile({ files: [{ path: 'x.json', text: JSON.stringify({ rules }) }] })
  expect(graph?.meta.listeners['tcp::1']?.rules).toEqual([
    'by-priority',
    'by-host-and-path',
    'by-host',
    'by-address',
    'a',
    'b',
  ])
})

function notYet(row: string): string[] {
  const found = tableUnder(page, 'Not in this version').rows.find(([name]) => name === row)
  return codesOf(found?.[1] ?? '')
}

/** How many things a rule needs that this version does not run. It compiles. */
function missing(part: object): number {
  const { graph, diagnostics } = compile({ files: [{ path: 'x.json', text: ruleWith(part) }], middleware: ANY_KIND })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return findUnsupported(graph!).length
}
