/** Upstream servers of `node:tls`, which answer HTTP with what they know of the connection. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Certificates } from '../support/certificates.ts'

export type UpstreamName = 'server' | 'mutual' | 'expired' | 'tls12' | 'tls13' | 'plain'

export class TlsUpstreams implements AsyncDisposable {
  readonly ports = {} as Record<UpstreamName, number>
  readonly #servers: net.Server[] = []
  readonly #sockets = new Set<net.Socket>()

  static async start(certificates: Certificates): Promise<TlsUpstreams> {
    const upstreams = new TlsUpstreams()
    const pair = (name: string): tls.SecureContextOptions => ({
      cert: certificates.read(`${name}.pem`),
      key: certificates.read(`${name}.key`),
    })
    const server: tls.TlsOptions = {
      ...pair('server'),
      ALPNProtocols: ['h2', 'http/1.1', 'foo'],
      SNICallback: (name, done) =>
        done(null, /^(second|.*\.wild)\.test$/.test(name) ? tls.createSecureContext(pair('second')) : undefined),
    }
    await upstreams.#listen('server', tls.createServer(server))
    await upstreams.#listen(
      'mutual',
      tls.createServer({ ...pair('server'), requestCert: true, ca: certificates.read('ca.pem') }),
    )
    await upstreams.#listen('expired', tls.createServer(pair('expired')))
    await upstreams.#listen('tls12', tls.createServer({ ...pair('server'), maxVersion: 'TLSv1.2' }))
    await upstreams.#listen('tls13', tls.createServer({ ...pair('server'), minVersion: 'TLSv1.3' }))
    await upstreams.#listen('plain', net.createServer())
    return upstreams
  }

  async #listen(name: UpstreamName, server: net.Server): Promise<void> {
    const answer = (socket: net.Socket): void => {
      socket.on('error', () => undefined)
      socket.on('data', () => {
        const body =
          socket instanceof tls.TLSSocket
            ? `${String(socket.servername)} ${String(socket.alpnProtocol)} ${String(socket.getPeerCertificate().subject?.CN ?? '-')}`
            : 'plain'
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
    }
    server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      // Not HTTP, and no TLS: what a client of TLS must not take for an answer.
      if (name === 'plain')
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'))
    })
    server.on('secureConnection', answer)
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.push(server)
    this.ports[name] = (server.address() as net.AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map(server => new Promise(resolve => server.close(resolve))))
  }
}
