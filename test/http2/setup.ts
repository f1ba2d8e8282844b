/** A proxy with an HTTP/1 and an HTTP/2 upstream behind each kind of listener, for the tests of this folder. */
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { cluster, http as httpListener } from '../golden/case.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'

const kind: ProxyKind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

export function http2Cluster(name: string, port: number, settings: JsonObject = {}): JsonObject {
  return {
    ...cluster(name, [String(port)]),
    typed_extension_protocol_options: {
      [options]: {
        '@type': `type.googleapis.com/${options}`,
        explicit_http_config: { http2_protocol_options: settings },
      },
    },
  }
}

/** What node:http2 and node:http have in common for a test's server. */
export type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void

export class Setup {
  readonly proxy: ProxyProcess
  readonly #servers: readonly { close(): unknown }[]
  readonly #sessions: ReadonlySet<http2.Http2Session>

  private constructor(
    proxy: ProxyProcess,
    servers: readonly { close(): unknown }[],
    sessions: ReadonlySet<http2.Http2Session>,
  ) {
    this.proxy = proxy
    this.#servers = servers
    this.#sessions = sessions
  }

  /** Routes /h1/ to HTTP/1, the rest to HTTP/2. Listeners: `auto` (h1 and h2), `http2`. */
  static async start(handler: Handler, hcm: JsonObject = {}, upstreamHttp2: JsonObject = {}): Promise<Setup> {
    const sessions = new Set<http2.Http2Session>()
    const h2 = http2.createServer(handler)
    h2.on('session', session => {
      sessions.add(session)
      session.on('error', () => {})
      session.on('close', () => sessions.delete(session))
    })
    const h1 = http.createServer(handler as unknown as http.RequestListener)
    for (const server of [h1, h2]) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port
    const routes = [
      { match: { prefix: '/direct' }, direct_response: { status: 200, body: { inline_string: 'direct\n' } } },
      { match: { prefix: '/h1/' }, route: { cluster: 'h1', timeout: '0s' } },
      { match: { prefix: '/dead/' }, route: { cluster: 'dead' } },
      { match: { prefix: '/' }, route: { cluster: 'h2', timeout: '0s' } },
    ]
    const proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [
          httpListener({ name: 'auto', routes, hcm }),
          httpListener({ name: 'http2', routes, hcm: { codec_type: 'HTTP2', ...hcm } }),
        ],
        clusters: [
          {
            ...cluster('h1', [String(portOf(h1))]),
            typed_extension_protocol_options: {
              [options]: {
                '@type': `type.googleapis.com/${options}`,
                explicit_http_config: { http_protocol_options: { enable_trailers: true } },
              },
            },
          },
          http2Cluster('h2', portOf(h2), upstreamHttp2),
          http2Cluster('dead', 1),
        ],
      },
    })
    return new Setup(proxy, [h1, h2], sessions)
  }

  get port(): number {
    return this.proxy.ports['auto'] ?? 0
  }

  connect(): http2.ClientHttp2Session {
    const session = http2.connect(`http://127.0.0.1:${this.port}`)
    session.on('error', () => {})
    return session
  }

  async stop(): Promise<void> {
    await this.proxy.stop()
    for (const session of this.#sessions) session.destroy()
    for (const server of this.#servers) server.close()
  }
}

export interface Answer {
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  readonly body: Buffer
  readonly trailers: http2.IncomingHttpHeaders
  readonly informational: readonly number[]
}

/** Sends a request on a session and takes its whole answer. Rejects when the stream is reset. */
export async function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Uint8Array | readonly Uint8Array[],
  trailers?: http2.OutgoingHttpHeaders,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
  if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  const chunks: Buffer[] = []
  const informational: number[] = []
  let answer: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
  let end: http2.IncomingHttpHeaders = {}
  stream.on('headers', interim => informational.push(Number(interim[':status'])))
  stream.on('response', received => (answer = received))
  stream.on('trailers', received => (end = received))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (body !== undefined) {
    for (const chunk of Array.isArray(body) ? (body as readonly Uint8Array[]) : [body as Uint8Array]) {
      if (!stream.write(chunk)) await once(stream, 'drain')
    }
    stream.end()
  }
  await once(stream, 'close')
  if (stream.rstCode !== 0) throw new Error(`reset ${stream.rstCode}`)
  return {
    status: Number(answer[':status']),
    headers: answer,
    body: Buffer.concat(chunks),
    trailers: end,
    informational,
  }
}
