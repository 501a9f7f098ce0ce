import { once } from 'node:events'
import { connect } from 'node:tls'
import { issueCertificate, type IssuedCertificate } from 'vane-testkit'
import { describe, expect, it } from 'vitest'
import { freePort, runToEnd, startDaemon, testConfig, variablesOf } from './daemon-process.ts'

const FIRST = issueCertificate({ commonName: 'first', dnsNames: ['a.test'] })
const SECOND = issueCertificate({ commonName: 'second', dnsNames: ['a.test'] })
const EXPIRED = issueCertificate({ commonName: 'expired', dnsNames: ['a.test'], notAfter: new Date(Date.UTC(2020, 0)) })

function rules(port: number): object {
  const tls = { cert_file: 'site.pem', key_file: 'site.key' }
  return {
    rules: [
      { name: 'site', listen: [`127.0.0.1:${port}`], tls, terminate: { type: 'static', status: 200, body: 'secure' } },
    ],
  }
}

async function shown(port: number): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const subject = socket.getPeerX509Certificate()?.subject
  socket.destroy()
  return subject
}

describe('certificates', () => {
  it('that were renewed are taken over by a reload of the same rules, and a broken one changes nothing', async () => {
    const port = await freePort()
    const config = testConfig(rules(port))
    const write = ({ chain, key }: IssuedCertificate): void => {
      config.write('site.pem', chain)
      config.write('site.key', key)
    }
    write(FIRST)
    const daemon = await startDaemon(config)
    expect(await shown(port)).toBe('CN=first')

    daemon.kill('SIGHUP')
    await daemon.logged(/nothing changed$/)

    write(SECOND)
    daemon.kill('SIGHUP')
    await daemon.logged(/^configuration reloaded$/)
    expect(await shown(port)).toBe('CN=second')

    config.write('site.key', FIRST.key)
    const failed = daemon.client.call('reload')
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining('key_file "site.key" is not the key of cert_file "site.pem"') as string,
    })
    expect(await shown(port)).toBe('CN=second')

    write(FIRST)
    expect(await daemon.client.call('reload')).toMatchObject({ status: 'swapped', warnings: [] })
    expect(await shown(port)).toBe('CN=first')
  })

  it('that have expired are warned of, with rule and place', async () => {
    const config = testConfig(rules(await freePort()))
    config.write('site.pem', EXPIRED.chain)
    config.write('site.key', EXPIRED.key)
    const { code, stderr } = await runToEnd(['--config', config.dir, '--check'], { env: variablesOf(config) })
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /rule "site" \(rules\/test.json:1:\d+\): tls: cert_file "site.pem" has expired, on 2020-01-01/,
      ),
    ])
  })
})
