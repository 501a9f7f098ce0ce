import { describe, expect, test } from 'vitest'
import { checkAddress, checkUrl } from './check-address.ts'
import { parseHostPattern } from './host-pattern.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY, type PluginHttpPolicy } from './http-policy.ts'

function allow(hosts: readonly string[], allowPrivateAddresses = false): PluginHttpPolicy {
  return { ...DEFAULT_PLUGIN_HTTP_POLICY, allowedHosts: hosts.map(parseHostPattern), allowPrivateAddresses }
}

describe('the URL', () => {
  test('passes or is refused by its host and port', () => {
    const policy = allow(['api.test:8443'])
    expect(checkUrl(policy, new URL('https://api.test:8443/x'))).toBeUndefined()
    expect(checkUrl(policy, new URL('https://user:secret@API.test:9000/p?token=t'))).toBe(
      "`api.test:9000` is not in the plugin's allowed_hosts",
    )
  })
})

describe('the address', () => {
  test.each([
    // Public addresses of an allowed name.
    [['api.test'], 'https://api.test/', '93.184.215.14', true],
    [['api.test'], 'https://api.test/', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', true],
    [['api.test'], 'https://api.test/', '::ffff:93.184.215.14', true],
    // Names that lead inside.
    [['api.test'], 'https://api.test/', '127.0.0.1', false],
    [['api.test'], 'https://api.test/', '169.254.169.254', false],
    [['api.test'], 'https://api.test/', '10.0.0.1', false],
    [['api.test'], 'https://api.test/', '::ffff:10.0.0.1', false],
    [['api.test'], 'https://api.test/', '64:ff9b::10.0.0.1', false],
    [['api.test'], 'https://api.test/', '2002:a00:1::1', false],
    [['api.test'], 'https://api.test/', '::1', false],
    [['api.test'], 'https://api.test/', 'fe80::1%eth0', false],
    [['api.test'], 'https://api.test/', 'fd00::1', false],
    [['api.test'], 'https://api.test/', '0.0.0.0', false],
    [['*.test'], 'https://api.test/', '192.168.1.1', false],
    [['localhost'], 'http://localhost/', '127.0.0.1', false],
    // `*` lets every name pass, but not every address.
    [['*'], 'http://10.0.0.1/', '10.0.0.1', false],
    [['*'], 'http://2130706433/', '127.0.0.1', false],
    [['*'], 'http://0177.0.0.1/', '127.0.0.1', false],
    [['*'], 'http://[::ffff:10.0.0.1]/', '10.0.0.1', false],
    [['*'], 'http://[::1]/', '::1', false],
    [['*'], 'http://8.8.8.8/', '8.8.8.8', true],
    // The literal address itself.
    [['10.0.0.1'], 'http://10.0.0.1/', '10.0.0.1', true],
    [['10.0.0.1'], 'http://10.0.0.1/', '::ffff:10.0.0.1', true],
    [['10.0.0.1:80'], 'http://10.0.0.1/', '10.0.0.1', true],
    [['10.0.0.1:81', '*'], 'http://10.0.0.1/', '10.0.0.1', false],
    [['*', '10.0.0.1'], 'http://10.1/', '10.0.0.1', true],
    [['[::1]'], 'http://[0::1]/', '::1', true],
    [['[::ffff:10.0.0.1]'], 'http://[::ffff:10.0.0.1]/', '10.0.0.1', true],
    // An entry for the address says nothing about names that lead there, nor about other addresses.
    [['10.0.0.1', 'api.test'], 'http://api.test/', '10.0.0.1', false],
    [['10.0.0.1', '*'], 'http://10.0.0.2/', '10.0.0.2', false],
    // A literal is never connected to anything else.
    [['8.8.8.8'], 'http://8.8.8.8/', '8.8.4.4', false],
    [['10.0.0.1'], 'http://10.0.0.1/', '127.0.0.1', false],
    [['api.test'], 'https://api.test/', 'not-an-address', false],
    [['api.test'], 'https://api.test/', '', false],
  ])('allowed %j: %s may connect to %s: %s', (hosts, url, address, isAllowed) => {
    expect(checkAddress(allow(hosts), new URL(url), address) === undefined).toBe(isAllowed)
  })

  test('allow_private_addresses opens private networks to allowed names, and nothing else', () => {
    const policy = allow(['api.test', '10.0.0.1'], true)
    expect(checkAddress(policy, new URL('http://api.test/'), '10.0.0.7')).toBeUndefined()
    expect(checkAddress(policy, new URL('http://api.test/'), '::1')).toBeUndefined()
    expect(checkAddress(policy, new URL('http://10.0.0.1/'), '10.0.0.2')).toBeDefined()
    expect(checkAddress(policy, new URL('http://api.test/'), 'nonsense')).toBeDefined()
  })

  test('the reason names the host and the key, never the address', () => {
    const reason = checkAddress(allow(['api.test']), new URL('https://api.test:8443/'), '10.11.12.13')
    expect(reason).toMatch(/^`api\.test:8443` .*\(private\).*allow_private_addresses$/)
    expect(reason).not.toContain('10.11.12.13')
  })
})
