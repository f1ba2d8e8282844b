/** Runs the cases against one proxy and writes down what came of them, without what differs from run to run. */
import { X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import type { Certificates } from '../support/certificates.ts'
import { ProxyProcess, type ProxyKind } from '../support/proxy-process.ts'
import { cases, type Outcome, type TlsCase, tlsConfiguration } from './cases.ts'
import { TlsUpstreams } from './upstreams.ts'

export interface Outcomes {
  readonly cases: Readonly<Record<string, Outcome>>
  /** `ssl` counters and gauges. */
  readonly stats: Readonly<Record<string, number>>
}

export async function runCases(kind: ProxyKind, certificates: Certificates): Promise<Outcomes> {
  await using upstreams = await TlsUpstreams.start(certificates)
  const proxy = await ProxyProcess.start(kind, tlsConfiguration(certificates, upstreams.ports), {
    flags: ['--file-flush-interval-msec', '20'],
  })
  try {
    const outcomes: Record<string, Outcome> = {}
    const lines = { 'access.log': 0, 'listener.log': 0 }
    for (const each of cases) {
      const seen = await connectAndAsk(each, proxy.ports[each.listener] as number, certificates)
      lines['listener.log']++
      const failure = (await logLine(proxy, 'listener.log', lines['listener.log']))['failure'] as string | null
      let log: Record<string, unknown> | undefined
      if (seen.status !== undefined) log = await logLine(proxy, 'access.log', ++lines['access.log'])
      outcomes[each.name] = anonymous(
        { ...seen, ...(failure ? { failure } : {}), ...(log === undefined ? {} : { log: withoutEmpty(log) }) },
        certificates,
      )
    }
    const stats = [...(await proxy.stats('\\.ssl\\.')).entries()].filter(([name]) => !name.includes('expiration'))
    return { cases: outcomes, stats: Object.fromEntries(stats) }
  } finally {
    await proxy.stop()
  }
}

function connectAndAsk(each: TlsCase, port: number, certificates: Certificates): Promise<Outcome> {
  const { sni = 'example.test', certificate, path = '/', host = 'example.test', header, options } = each
  const own =
    certificate === undefined
      ? {}
      : { cert: certificates.read(`${certificate}.pem`), key: certificates.read(`${certificate}.key`) }
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    ...own,
    ...options,
    ...(sni === '' ? {} : { servername: sni }),
  })
  const outcome: { -readonly [K in keyof Outcome]: Outcome[K] } = {}
  let received = ''
  return new Promise(resolve => {
    const finish = (): void => {
      if (received !== '') {
        const [head = '', body = ''] = received.split('\r\n\r\n')
        const [status = '', ...headers] = head.split('\r\n')
        outcome.status = status
        outcome.headers = headers.filter(line => !/^(date|server|x-envoy-upstream)/.test(line))
        outcome.body = body
      } else outcome.error ??= 'closed without an answer'
      resolve(outcome)
    }
    socket.setEncoding('latin1')
    socket.once('secureConnect', () => {
      outcome.version = socket.getProtocol()
      outcome.cipher = socket.getCipher().name
      if (socket.alpnProtocol) outcome.alpn = socket.alpnProtocol
      outcome.certificate = String(socket.getPeerCertificate().subject?.CN)
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${header === undefined ? '' : `${header}\r\n`}connection: close\r\n\r\n`,
      )
    })
    socket.on('data', chunk => (received += String(chunk)))
    socket.on('error', (error: NodeJS.ErrnoException) => (outcome.error ??= error.code ?? error.message))
    socket.once('close', finish)
  })
}

/** Waits for the line: logs are written from time to time. */
async function logLine(proxy: ProxyProcess, name: string, count: number): Promise<Record<string, unknown>> {
  for (let i = 0; i < 1000; i++) {
    const lines = proxy.readFile(name).split('\n')
    if (lines.length > count) return JSON.parse(lines[count - 1] as string) as Record<string, unknown>
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error(`no line ${count} in ${name}:\n${proxy.readFile(name)}\n${proxy.output}`)
}

function withoutEmpty(log: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(log)
      .filter(([, value]) => value !== null && value !== '')
      .sort(),
  )
}

/** Names in place of numbers, fingerprints, texts and dates of certificates. */
function anonymous(outcome: Outcome, certificates: Certificates): Outcome {
  let text = JSON.stringify(outcome)
  for (const name of ['client', 'server', 'expired', 'below', 'wrong']) {
    const pem = certificates.read(`${name}.pem`)
    const x509 = new X509Certificate(pem)
    const hex = (value: string): string => value.replaceAll(':', '').toLowerCase()
    const encoded = encodeURIComponent(x509.toString())
    const values = [hex(x509.serialNumber), hex(x509.fingerprint256), hex(x509.fingerprint), encoded]
    values.forEach(
      (value, index) => (text = text.replaceAll(value, `<${['serial', 'sha256', 'sha1', 'pem'][index]} of ${name}>`)),
    )
    const from = new Date(x509.validFrom).toISOString()
    text = text.replaceAll(from, '<start>').replaceAll(new Date(x509.validTo).toISOString().slice(0, 10), '<end>')
  }
  return JSON.parse(text) as Outcome
}
