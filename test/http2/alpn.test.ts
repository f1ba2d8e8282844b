/** HTTP/2 and HTTP/1 chosen by ALPN: by clients of a TLS listener, and by upstreams of a cluster with `auto_config`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { after, before, test } from 'node:test'
import { cluster, http } from '../golden/case.ts'
import { type Certificates, noOpenssl, usualCertificates } from '../support/certificates.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { downstream, pair, upstream } from '../tls/configuration.ts'
import { ask } from './setup.ts'

const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
let certificates: Certificates
let proxy: ProxyProcess
const servers: Server[] = []

function tlsCluster(name: string, port: number, config: JsonObject): JsonObject {
  return {
    ...cluster(name, [String(port)]),
    transport_socket: upstream({}),
    typed_extension_protocol_options: { [options]: { '@type': `type.googleapis.com/${options}`, ...config } },
  }
}

before(async () => {
  if (noOpenssl !== false) return
  certificates = usualCertificates()
  const secure = { key: certificates.read('server.key'), cert: certificates.read('server.pem') }
  const h2 = http2.createSecureServer(secure, (request, response) => response.end(request.httpVersion))
  const h1 = https.createServer(secure, (request, response) => response.end(request.httpVersion))
  const ports: number[] = []
  for (const server of [h2, h1]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
    servers.push(server)
  }
  const [h2Port = 0, h1Port = 0] = ports
  const route = (name: string) => ({ match: { prefix: `/${name}` }, route: { cluster: name } })
  const listener = http({ name: 'tls', routes: ['auto2', 'auto1', 'h2'].map(route) })
  const [chain] = listener['filter_chains'] as JsonObject[]
  proxy = await ProxyProcess.start('sluice', {
    static_resources: {
      listeners: [
        {
          ...listener,
          filter_chains: [
            {
              ...chain,
              transport_socket: downstream({
                common_tls_context: {
                  alpn_protocols: ['h2', 'http/1.1'],
                  tls_certificates: [pair(certificates, 'server')],
                },
              }),
            },
          ],
        },
      ],
      clusters: [
        tlsCluster('auto2', h2Port, { auto_config: { http2_protocol_options: {} } }),
        tlsCluster('auto1', h1Port, { auto_config: {} }),
        tlsCluster('h2', h2Port, { explicit_http_config: { http2_protocol_options: {} } }),
      ],
    },
  })
})

after(async () => {
  await proxy?.stop()
  for (const server of servers) server.close()
  certificates?.remove()
})

test('h2 at the listener', { skip: noOpenssl }, async () => {
  const session = http2.connect(`https://127.0.0.1:${proxy.ports['tls']}`, { rejectUnauthorized: false })
  for (const [path, version] of [
    ['/auto2', '2.0'],
    ['/auto1', '1.1'],
    ['/h2', '2.0'],
  ])
    assert.equal((await ask(session, { ':path': path })).body.toString(), version)
  session.destroy()
})

test('http/1.1 at the listener', { skip: noOpenssl }, async () => {
  const request = https.get({ port: proxy.ports['tls'], path: '/auto2', rejectUnauthorized: false, agent: false })
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  assert.equal(body, '2.0')
  const stats = await proxy.stats()
  assert.equal(stats.get('http.tls.downstream_cx_http1_total'), 1)
  assert.equal(stats.get('http.tls.downstream_cx_http2_total'), 1)
  assert.equal(stats.get('cluster.auto2.upstream_cx_http2_total'), 1)
  assert.equal(stats.get('cluster.auto1.upstream_cx_http1_total'), 1)
})

test('auto_config without TLS is refused', { skip: noOpenssl }, async () => {
  const plain = { ...tlsCluster('a', 1, { auto_config: {} }), transport_socket: undefined as never }
  await assert.rejects(
    ProxyProcess.start('sluice', { static_resources: { clusters: [plain] } }),
    /auto_config: needs a transport socket with ALPN/,
  )
})
