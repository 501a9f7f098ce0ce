import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VaneError } from '../errors/vane-error.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY, isHostAllowed } from './http-policy.ts'
import { parsePluginPolicies } from './parse-policies.ts'
import { PluginPolicyTable } from './policy-table.ts'

function refusal(text: string): VaneError {
  try {
    PluginPolicyTable.fromJson(text)
  } catch (error) {
    if (error instanceof VaneError && error.kind === 'compile') return error
    throw error
  }
  throw new Error(`was taken: ${text}`)
}

describe('what is taken', () => {
  test('an unlisted plugin, or any plugin of an empty table, gets the deny-all defaults', () => {
    for (const table of [
      PluginPolicyTable.empty(),
      PluginPolicyTable.fromJson('{}'),
      PluginPolicyTable.fromJson('{"a": {}}'),
    ]) {
      expect(table.getOrDefault('auth')).toBe(DEFAULT_PLUGIN_HTTP_POLICY)
      expect(isHostAllowed(table.getOrDefault('auth'), new URL('http://localhost/'))).toBe(false)
    }
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'a plugin called %j is unlisted, too',
    (stem) => {
      expect(PluginPolicyTable.fromJson('{"a": {}}').getOrDefault(stem)).toBe(DEFAULT_PLUGIN_HTTP_POLICY)
    },
  )

  test('a partial entry takes the defaults for the rest', () => {
    const table = PluginPolicyTable.fromJson(
      '{"auth": {"allowed_hosts": ["Auth.Example.com:8443", "*.internal"]}, "empty": {}}',
    )
    expect(table.getOrDefault('auth')).toEqual({
      ...DEFAULT_PLUGIN_HTTP_POLICY,
      allowedHosts: [
        { kind: 'name', host: 'auth.example.com', port: 8443 },
        { kind: 'below', suffix: '.internal', port: undefined },
      ],
    })
    expect(table.getOrDefault('empty')).toEqual(DEFAULT_PLUGIN_HTTP_POLICY)
    expect(table.stems()).toEqual(['auth', 'empty'])
  })

  test('a full entry', () => {
    const text = `{ "$schema": "./policy.schema.json",
      "auth": { "allow_insecure": true, "allowed_hosts": ["*"], "max_body_size": 0, "default_timeout_ms": 4294967295,
                "default_follow_redirects": 1e1, "allow_private_addresses": true } }`
    expect(PluginPolicyTable.fromJson(text).getOrDefault('auth')).toEqual({
      allowInsecure: true,
      allowedHosts: [{ kind: 'any', port: undefined }],
      maxBodySize: 0,
      defaultTimeoutMs: 4_294_967_295,
      defaultFollowRedirects: 10,
      allowPrivateAddresses: true,
    })
  })

  test('minus zero is zero', () => {
    expect(PluginPolicyTable.fromJson('{"a": {"max_body_size": -0}}').getOrDefault('a').maxBodySize).toBe(0)
  })

  test('stems are told apart by case and may be any file name', () => {
    const table = PluginPolicyTable.fromJson('{"Auth": {"allow_insecure": true}, "my plugin.v2": {"max_body_size": 7}}')
    expect(table.getOrDefault('auth').allowInsecure).toBe(false)
    expect(table.getOrDefault('my plugin.v2').maxBodySize).toBe(7)
  })
})

describe('what is refused', () => {
  test.each([
    ['not JSON', '{"auth": {"allow_insecure": yes}}', '1:29', /unexpected symbol.*\(auth\.allow_insecure\)/],
    ['empty text', '', '1:1', /the file is empty/],
    ['white space', ' \n ', '1:1', /the file is empty/],
    ['cut short', '{"auth": {"allowed_hosts": [', '1:29', /\(auth\.allowed_hosts/],
    ['comment', '{\n  // hosts\n}', '2:3', /comments are not allowed/],
    ['block comment', '{"auth": {/* none */}}', '1:11', /comments are not allowed/],
    ['trailing comma in a list', '{"auth": {"allowed_hosts": ["a",]}}', '1:32', /comma.*\(auth\.allowed_hosts/],
    ['trailing comma in an object', '{"auth": {"allow_insecure": true,}}', '1:33', /comma.*\(auth/],
    ['single quotes', "{'auth': {}}", '1:2', /double quotes/],
    ['two values', '{} {}', '1:4', /end of the file/],
    ['byte order mark', '\ufeff{}', '1:1', /byte order mark/],
    ['no object', '[]', '1:1', /the file is an object of policies by plugin, not a list/],
    ['null', 'null', '1:1', /not null/],
    ['entry that is a list', '{"auth": []}', '1:10', /policy is an object, not a list \(auth\)/],
    ['entry that is null', '{"auth": null}', '1:10', /policy is an object, not null \(auth\)/],
    ['$schema that is an object', '{"$schema": {}}', '1:13', /\$schema is a string/],
    [
      'misspelt key',
      '{"auth": {"allow_hosts": []}}',
      '1:11',
      /unknown key "allow_hosts".*\(auth\.allow_hosts\); did you mean "allowed_hosts"\?$/,
    ],
    ['camelCase key', '{"auth": {"maxBodySize": 1}}', '1:11', /"maxBodySize".*did you mean "max_body_size"\?$/],
    ['unknown key', '{"auth": {"colour": "red"}}', '1:11', /unknown key "colour".*\(auth\.colour\)$/],
    ['key of every object', '{"auth": {"constructor": 1}}', '1:11', /unknown key "constructor"/],
    ['__proto__ key', '{"auth": {"__proto__": {"allow_insecure": true}}}', '1:11', /__proto__/],
    ['__proto__ stem', '{"__proto__": {"allowed_hosts": ["*"]}}', '1:2', /__proto__/],
    [
      'duplicate key',
      '{"auth": {"max_body_size": 1,\n"max_body_size": 2}}',
      '2:1',
      /"max_body_size" is here twice \(auth\.max_body_size\)/,
    ],
    ['duplicate stem', '{"auth": {},\n "auth": {}}', '2:2', /"auth" is here twice \(auth\)/],
    ['stem with ending', '{"auth.wasm": {}}', '1:2', /without `\.wasm`.*write "auth"/],
    ['empty stem', '{"": {}}', '1:2', /can be the name of no plugin/],
    ['stem with a path', '{"../auth": {}}', '1:2', /"\.\.\/auth" can be the name of no plugin/],
    [
      'string for a boolean',
      '{"auth": {"allow_insecure": "true"}}',
      '1:29',
      /allow_insecure is true or false, not "true"/,
    ],
    [
      'number for a boolean',
      '{"auth": {"allow_private_addresses": 1}}',
      '1:38',
      /allow_private_addresses is true or false, not 1/,
    ],
    ['null for a boolean', '{"auth": {"allow_insecure": null}}', '1:29', /not null/],
    ['string for a number', '{"auth": {"max_body_size": "1"}}', '1:28', /max_body_size is a whole number .*, not "1"/],
    ['null for a number', '{"auth": {"max_body_size": null}}', '1:28', /whole number/],
    [
      'fraction',
      '{"auth": {"default_timeout_ms": 1.5}}',
      '1:33',
      /default_timeout_ms is a whole number .*, not 1\.5 \(auth\.default_timeout_ms\)/,
    ],
    ['negative', '{"auth": {"max_body_size": -1}}', '1:28', /not -1/],
    ['2^32', '{"auth": {"default_follow_redirects": 4294967296}}', '1:39', /from 0 to 4294967295, not 4294967296/],
    ['infinite', '{"auth": {"max_body_size": 1e999}}', '1:28', /max_body_size/],
    [
      'string for the hosts',
      '{"auth": {"allowed_hosts": "*"}}',
      '1:28',
      /allowed_hosts is a list of host names, not "\*"/,
    ],
    ['object for the hosts', '{"auth": {"allowed_hosts": {}}}', '1:28', /not an object/],
    [
      'host that is a number',
      '{"auth": {"allowed_hosts": ["a", 7]}}',
      '1:34',
      /is a string, not 7 \(auth\.allowed_hosts\[1\]\)/,
    ],
    [
      'bad host',
      '{"auth": {"allowed_hosts": ["a", "*foo.com"]}}',
      '1:34',
      /"\*foo\.com" in allowed_hosts: .*whole first label.*\(auth\.allowed_hosts\[1\]\)/,
    ],
    ['host that is a URL', '{"auth": {"allowed_hosts": ["https://a.test/"]}}', '1:29', /without a scheme/],
    ['lone surrogate', '{"auth": {"allowed_hosts": ["\\ud800"]}}', '1:29', /surrogate/],
  ])('%s', (_, text, position, reason) => {
    const { message } = refusal(text)
    expect(message).toContain(`policy.json:${position}: `)
    expect(message).toMatch(reason)
    expect(message).not.toContain('.jsonc')
  })

  test('everything at once', () => {
    const text = `{
  "auth": { "allow_insecure": 1, "allowed_hosts": ["ok.test", "a b", "*x"] },
  "geo": { "max_body_size": -5, "time_out": 3 }
}`
    expect(refusal(text).message.split('\n')).toEqual([
      'policy.json: 5 problems',
      '  policy.json:2:31: allow_insecure is true or false, not 1 (auth.allow_insecure)',
      expect.stringMatching(/^ {2}policy\.json:2:63: "a b" in allowed_hosts: .* \(auth\.allowed_hosts\[1\]\)$/),
      expect.stringMatching(/^ {2}policy\.json:2:70: "\*x" in allowed_hosts: .* \(auth\.allowed_hosts\[2\]\)$/),
      expect.stringMatching(/^ {2}policy\.json:3:29: max_body_size .* \(geo\.max_body_size\)$/),
      expect.stringMatching(/^ {2}policy\.json:3:33: unknown key "time_out" .* \(geo\.time_out\)/),
    ])
  })

  test('a great many problems are counted, not all told', () => {
    const text = `{"auth": {${Array.from({ length: 5_000 }, (_, index) => `"k${index}": 0`).join(',')}}}`
    const { message } = refusal(text)
    expect(message.split('\n').length).toBeLessThan(30)
    expect(message).toMatch(/and \d+ more$/)
  })

  test('text of the file writes no lines and no colours into the message', () => {
    for (const char of ['\\n', '\\u001b[31m', '\u0085', '\u2028', '\x7f']) {
      expect(refusal(`{"a${char}b": {"k${char}": 1}, "c": {"allowed_hosts": ["x${char}"]}}`).message).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/,
      )
    }
  })
})

describe('hostile texts', () => {
  test.each([
    ['lists, 100,000 deep', '['.repeat(100_000)],
    ['objects, 50,000 deep', '{"a":'.repeat(50_000)],
    ['lists, 100,000 deep, behind a stray quote', `{"a": "\n${'['.repeat(100_000)}`],
    ['brackets that do not match', '[}'.repeat(100_000)],
  ])('%s', (_, text) => {
    expect(refusal(text).message).toMatch(/policy\.json:\d+:\d+: /)
  })

  test('more than a mebibyte', () => {
    expect(refusal(`{}${' '.repeat(1_048_576)}`).message).toMatch(/policy\.json:1:1: .*1048576/)
    expect(PluginPolicyTable.fromJson(`{}${' '.repeat(1_048_574)}`).stems()).toEqual([])
  })

  test('brackets in strings are no nesting', () => {
    const text = JSON.stringify({ a: { ['[[[[{{{{'.repeat(100)]: 1 } })
    expect(refusal(text).message).toContain('unknown key')
  })

  const key = fc.oneof(
    fc.constantFrom(
      'allow_insecure',
      'allowed_hosts',
      'max_body_size',
      'default_timeout_ms',
      'default_follow_redirects',
    ),
    fc.constantFrom('allow_private_addresses', '__proto__', '$schema', 'constructor', 'allowed_host', ''),
    fc.string({ unit: 'binary' }),
  )
  const value = fc.oneof(
    fc.constantFrom(0, 1, -1, 4_294_967_295, 4_294_967_296, 0.5, 1e21, true, false, null, 'true'),
    fc.array(fc.constantFrom('*', 'a.test', '*.a.test:1', '10.0.0.1', '*x', '', 1), { maxLength: 3 }),
    fc.jsonValue(),
  )
  const file = fc.dictionary(fc.string({ maxLength: 6 }), fc.oneof(fc.dictionary(key, value), value))
  const cut = fc.tuple(file, fc.nat(), fc.nat()).map(([object, from, length]) => {
    const text = JSON.stringify(object)
    const at = from % (text.length + 1)
    return text.slice(0, at) + text.slice(at + (length % 4))
  })

  test('any text is a table or a VaneError of kind compile that says where', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      file.map((object) => JSON.stringify(object, null, 1)),
      cut,
    )
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          PluginPolicyTable.fromJson(candidate)
        } catch (error) {
          if (!(error instanceof VaneError)) throw error
          expect(error.kind).toBe('compile')
          expect(error.message).toMatch(/policy\.json:\d+:\d+: /)
          return
        }
        // Nothing is taken that JSON itself would refuse.
        expect(() => JSON.parse(candidate)).not.toThrow()
      }),
      { numRuns: 3_000 },
    )
  })

  test('what is taken means what JSON.parse reads', () => {
    const u32 = fc.integer({ min: 0, max: 4_294_967_295 })
    const policy = fc.record(
      {
        allow_insecure: fc.boolean(),
        max_body_size: u32,
        default_timeout_ms: u32,
        default_follow_redirects: u32,
        allow_private_addresses: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    const stem = fc.string({ minLength: 1 }).filter((name) => !/[/\\\0]|\.wasm$|^__proto__$|^\$schema$/i.test(name))
    fc.assert(
      fc.property(fc.dictionary(stem, policy), fc.constantFrom(undefined, 2), (policies, indent) => {
        const { policies: parsed, diagnostics } = parsePluginPolicies(
          JSON.stringify(policies, null, indent),
          'policy.json',
        )
        expect(diagnostics).toEqual([])
        expect([...parsed.keys()].toSorted()).toEqual(Object.keys(policies).toSorted())
        for (const [name, given] of Object.entries(policies)) {
          expect(parsed.get(name)).toEqual({
            allowInsecure: given.allow_insecure ?? false,
            allowedHosts: [],
            maxBodySize: given.max_body_size ?? 1_048_576,
            defaultTimeoutMs: given.default_timeout_ms ?? 30_000,
            defaultFollowRedirects: given.default_follow_redirects ?? 5,
            allowPrivateAddresses: given.allow_private_addresses ?? false,
          })
        }
      }),
    )
  })
})
