/** What `x-forwarded-client-cert` becomes, in Envoy and in sluice. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import tls from 'node:tls'
import type { Certificates } from '../support/certificates.ts'
import { http } from '../golden/case.ts'
import { type JsonObject, ProxyProcess, type ProxyKind } from '../support/proxy-process.ts'

/** For requests that bring the header of these tests. */
function matcher(details: string, current: JsonObject = {}): JsonObject {
  const hcm = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  const input = {
    '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
    header_name: 'x-forwarded-client-cert',
  }
  const action = {
    '@type': `${hcm}.ForwardClientCertConfig`,
    forward_client_cert_details: details,
    set_current_client_cert_details: current,
  }
  return {
    forward_client_cert_matcher: {
      matcher_list: {
        matchers: [
          {
            predicate: {
              single_predicate: {
                input: { name: 'input', typed_config: input },
                value_match: { prefix: 'By=before' },
              },
            },
            on_match: { action: { name: 'action', typed_config: action } },
          },
        ],
      },
    },
  }
}

const all = { subject: true, cert: true, chain: true, dns: true, uri: true }
const listeners: Readonly<Record<string, JsonObject>> = {
  unset: {},
  sanitize: { forward_client_cert_details: 'SANITIZE', set_current_client_cert_details: all },
  forward: { forward_client_cert_details: 'FORWARD_ONLY', set_current_client_cert_details: all },
  append: { forward_client_cert_details: 'APPEND_FORWARD' },
  append_all: { forward_client_cert_details: 'APPEND_FORWARD', set_current_client_cert_details: all },
  set: { forward_client_cert_details: 'SANITIZE_SET' },
  set_subject: { forward_client_cert_details: 'SANITIZE_SET', set_current_client_cert_details: { subject: true } },
  set_all: { forward_client_cert_details: 'SANITIZE_SET', set_current_client_cert_details: all },
  set_issuer: { forward_client_cert_details: 'SANITIZE_SET', set_current_client_cert_details: { issuer: true } },
  set_all_issuer: {
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { ...all, issuer: true },
  },
  json: { forward_client_cert_details: 'SANITIZE_SET', set_current_client_cert_details: { format: 'JSON' } },
  json_all: {
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { ...all, issuer: true, format: 'JSON' },
  },
  json_append: {
    forward_client_cert_details: 'APPEND_FORWARD',
    set_current_client_cert_details: { subject: true, format: 'JSON' },
  },
  matched: { forward_client_cert_details: 'SANITIZE_SET', ...matcher('APPEND_FORWARD', { dns: true }) },
  matched_json: { ...matcher('SANITIZE_SET', { issuer: true, format: 'JSON' }) },
  matched_sanitize: { forward_client_cert_details: 'APPEND_FORWARD', ...matcher('SANITIZE') },
  matched_always: { ...matcher('ALWAYS_FORWARD_ONLY') },
  always: { forward_client_cert_details: 'ALWAYS_FORWARD_ONLY', set_current_client_cert_details: all },
}

/** `none`: no certificate; `named` has names of every kind, `plain` none, `below` comes with an intermediate. */
const clients = ['none', 'named', 'plain', 'below']

function configuration(certificates: Certificates): JsonObject {
  const socket = {
    name: 'tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      require_client_certificate: false,
      common_tls_context: {
        tls_certificates: [
          {
            certificate_chain: { filename: certificates.path('here.pem') },
            private_key: { filename: certificates.path('here.key') },
          },
        ],
        validation_context: { trusted_ca: { filename: certificates.path('ca.pem') } },
      },
    },
  }
  const made = Object.entries(listeners).map(([name, settings]) => {
    const listener = http({
      name,
      routes: [
        {
          match: { prefix: '/' },
          direct_response: { status: 200 },
          response_headers_to_add: [{ header: { key: 'x-seen', value: '%REQ(x-forwarded-client-cert)%' } }],
        },
      ],
      hcm: { ...settings, access_log: [] },
    })
    const [chain] = listener['filter_chains'] as JsonObject[]
    return Object.assign(listener, { filter_chains: [Object.assign({ transport_socket: socket }, chain)] })
  })
  return { static_resources: { listeners: made } }
}

const sentHeaders: readonly (readonly [header: string, what: string])[] = [
  ['', ''],
  ['By=before;Hash=0', ', sent one'],
]
const sentJson: typeof sentHeaders = [
  ['[{"hash":"0"}]', ', sent JSON'],
  ['[]', ', sent empty JSON'],
  ['[1', ', sent broken JSON'],
  [' [ {"a": 1} , 2 ] ', ', sent spaced JSON'],
  ['{}', ', sent an object'],
]

/** The header that a filter would see, by listener, client and whether the client sent one; '' for none. */
export async function clientCertHeaders(kind: ProxyKind, certificates: Certificates): Promise<Record<string, string>> {
  certificates
    .make('here', { subject: '/CN=here', sans: 'URI:spiffe://test/here,URI:spiffe://test/also', ca: 'ca' })
    .make('named', {
      subject: '/O=Acme, "Inc"/CN=named',
      sans: 'URI:spiffe://a,URI:b://c,DNS:x.test,DNS:y.test',
      ca: 'ca',
    })
    .make('plain', { subject: '/CN=plain', ca: 'ca' })
  const proxy = await ProxyProcess.start(kind, configuration(certificates))
  try {
    const seen: Record<string, string> = {}
    for (const name of Object.keys(listeners))
      for (const client of clients)
        for (const [sent, what] of name.includes('append') ? [...sentHeaders, ...sentJson] : sentHeaders)
          seen[`${name}, ${client}${what}`] = anonymous(
            await ask(proxy.ports[name] as number, client, sent, certificates),
            certificates,
          )
    return seen
  } finally {
    await proxy.stop()
  }
}

async function ask(port: number, client: string, sent: string, certificates: Certificates): Promise<string> {
  const chain = client === 'below' ? certificates.read('intermediate.pem') : ''
  const own =
    client === 'none'
      ? {}
      : { cert: certificates.read(`${client}.pem`) + chain, key: certificates.read(`${client}.key`) }
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...own })
  let received = ''
  socket.on('data', chunk => (received += String(chunk)))
  socket.write(
    `GET / HTTP/1.1\r\nhost: a\r\n${sent === '' ? '' : `x-forwarded-client-cert: ${sent}\r\n`}connection: close\r\n\r\n`,
  )
  await once(socket, 'close')
  return /x-seen: (.*)\r/.exec(received)?.[1] ?? ''
}

function anonymous(header: string, certificates: Certificates): string {
  let text = header
  for (const name of ['named', 'plain', 'below', 'intermediate', 'ca']) {
    const x509 = new X509Certificate(certificates.read(`${name}.pem`))
    text = text.replaceAll(x509.fingerprint256.replaceAll(':', '').toLowerCase(), `<hash of ${name}>`)
    text = text.replaceAll(encodeURIComponent(x509.toString()), `<pem of ${name}>`)
    text = text.replaceAll(JSON.stringify(x509.toString()).slice(1, -1), `<json of ${name}>`)
  }
  return text
}
