/** The example does what its README says, and Envoy takes its configuration. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import tls from 'node:tls'
import { parse } from 'yaml'
import { noOpenssl } from '../../test/support/certificates.ts'
import { findEnvoy } from '../../test/support/envoy.ts'
import { type JsonObject, ProxyProcess } from '../../test/support/proxy-process.ts'

describe('examples/tls', { skip: noOpenssl, timeout: 60_000 }, () => {
  const certificates = mkdtempSync(join(tmpdir(), 'sluice-test-example-'))
  const here = import.meta.dirname
  let text: string
  let proxy: ProxyProcess
  before(async () => {
    execFileSync(join(here, 'make-certificates.sh'), [certificates], { stdio: 'ignore' })
    const backend = await freePort()
    text = readFileSync(join(here, 'envoy.yaml'), 'utf8')
      .replaceAll('examples/tls/certificates', certificates)
      .replace(/\b(10000|9901)\b/g, '0')
      .replace(/\b10001\b/g, String(backend))
    proxy = await ProxyProcess.start('sluice', parse(text) as JsonObject)
  })
  after(async () => {
    await proxy?.stop()
    rmSync(certificates, { recursive: true, force: true })
  })

  async function freePort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    server.close()
    await once(server, 'close')
    return port
  }

  async function ask(listener: string, servername: string): Promise<{ certificate: string; answer: string }> {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: proxy.ports[listener],
      servername,
      ca: readFileSync(join(certificates, 'ca.pem')),
    })
    await once(socket, 'secureConnect')
    const certificate = String(socket.getPeerCertificate().subject.CN)
    socket.write(`GET / HTTP/1.1\r\nhost: ${servername}\r\nconnection: close\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return { certificate, answer }
  }

  it('shows each name its certificate, and its own to the upstream', async () => {
    for (const name of ['www', 'api']) {
      const { certificate, answer } = await ask('ingress', `${name}.example.com`)
      assert.equal(certificate, name)
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*x-caller: spiffe:\/\/example\.com\/proxy\r\n[^]*mutual TLS\n$/)
    }
  })

  it('lets nobody in without a certificate', async () => {
    await assert.rejects(ask('backend', 'api.example.com'), /alert certificate required/i)
    const stats = await proxy.stats('fail_verify_no_cert')
    assert.equal(
      [...stats.values()].reduce((sum, value) => sum + value, 0),
      1,
    )
  })

  it('is a configuration that Envoy takes', { skip: findEnvoy() === undefined && 'Envoy is not installed' }, () => {
    const flags = ['--mode', 'validate', '-l', 'off', '--config-yaml', text]
    execFileSync(findEnvoy() as string, flags, { stdio: 'ignore' })
  })
})
