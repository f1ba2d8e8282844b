/** Runs the cases of this folder against a proxy: the frames that came back, and the lines of its access log. */
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { cluster, http } from '../golden/case.ts'
import { pingFrame } from '../../src/codec/http2/framing.ts'
import { clientStart, FrameLog } from '../support/http2-frames.ts'
import { RawClient } from '../support/raw-client.ts'
import { cases } from './cases.ts'

export interface Outcome {
  /** Frames, but SETTINGS, PING and GOAWAY; `closed` at the end when the proxy closed. */
  readonly frames: readonly string[]
  readonly log: readonly string[]
}

const format =
  '%PROTOCOL% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%@%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

/** @param waitPort of a server that accepts and never answers */
function configuration(waitPort: number): JsonObject {
  const routes = [
    { match: { prefix: '/direct' }, direct_response: { status: 200, body: { inline_string: 'hello' } } },
    { match: { prefix: '/wait' }, route: { cluster: 'wait', timeout: '0s' } },
  ]
  const hcm = { common_http_protocol_options: { headers_with_underscores_action: 'ALLOW' } }
  const many = { max_connections: 100_000, max_pending_requests: 100_000, max_requests: 100_000 }
  return {
    static_resources: {
      listeners: [http({ name: 'h2', routes, hcm, log: format })],
      clusters: [{ ...cluster('wait', [String(waitPort)]), circuit_breakers: { thresholds: [many] } }],
    },
  }
}

async function sendCase(port: number, bytes: string): Promise<{ frames: string[]; port: number }> {
  const client = await RawClient.connect(port)
  const log = new FrameLog()
  let taken = 0
  const pings = (): number => {
    log.push(client.received.subarray(taken))
    taken = client.received.length
    return log.seen.filter(line => line.startsWith('ping')).length
  }
  const over = (count: number) => (): boolean => pings() >= count || client.peer !== 'open'
  // Answers to PING overtake other frames: those of the first are there when the second is answered.
  client.write(clientStart + bytes + pingFrame(Buffer.from('sentinel'), false))
  await client.waitFor(over(1), 'the answer to PING')
  if (client.peer === 'open') client.write(pingFrame(Buffer.from('sentinel'), false))
  await client.waitFor(over(2), 'the answer to the second PING')
  const frames = log
    .take()
    .filter(line => !/^(ping|goAway) /.test(line))
    .map(line => line.replace(/date=[^G]*GMT/, 'date=D'))
  if (client.peer !== 'open') frames.push('closed')
  const { localPort } = client
  client.destroy()
  return { frames, port: localPort }
}

export async function runCases(kind: ProxyKind, waitPort: number): Promise<Record<string, Outcome>> {
  const proxy = await ProxyProcess.start(kind, configuration(waitPort))
  const sent: { name: string; frames: string[]; port: number }[] = []
  try {
    for (const { name, send } of cases) sent.push({ name, ...(await sendCase(proxy.ports['h2'] ?? 0, send)) })
    await proxy.waitForStats(stats => stats.get('http.h2.downstream_cx_active') === 0, 'all connections to end')
    await proxy.terminate()
    const lines = proxy.readFile('access.log').split('\n')
    return Object.fromEntries(
      sent.map(({ name, frames, port }) => {
        const log = lines.filter(line => line.endsWith(`:${port}`)).map(line => line.slice(0, line.lastIndexOf('@')))
        return [name, { frames, log: [...new Set(log)].sort() }]
      }),
    )
  } finally {
    await proxy.stop()
  }
}
