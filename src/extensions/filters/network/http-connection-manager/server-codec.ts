/** Which codec a connection gets: what `codec_type` says, or for AUTO what ALPN or the first bytes say. */
import { Http1ServerConnection } from '../../../../codec/http1/server.ts'
import { clientPreface, Http2ServerConnection } from '../../../../codec/http2/server.ts'
import { defaultHttp2Settings, type Http2Settings, http2Settings } from '../../../../codec/http2/settings.ts'
import { makeLazyStats } from '../../../../codec/http2/stats.ts'
import { configError } from '../../../../config/position.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import type { Connection } from '../../../../core/connection.ts'
import type { FactoryContext } from '../../../../core/extension.ts'
import type { MakeServerCodec } from '../../../../http/settings.ts'
import { makeHttp1Settings } from './http1-settings.ts'

/** As much of the preface as Envoy looks at. */
const sniffed = clientPreface.slice(0, 12)

/** @throws ConfigError */
export function makeServerCodecFactory(message: HttpConnectionManager, context: FactoryContext): MakeServerCodec {
  const http1 = makeHttp1Settings(message, context)
  const http2 = makeHttp2Settings(message)
  const http2Stats = makeLazyStats(context.stats.scope('http2'))
  const type = message.codecType
  return (connection, callbacks, firstData) => {
    const version =
      type === 'HTTP1' ? 'http1' : type === 'HTTP2' ? 'http2' : (byAlpn(connection) ?? byFirstBytes(firstData))
    if (version === undefined) return undefined
    return version === 'http1'
      ? new Http1ServerConnection(connection, callbacks, http1)
      : new Http2ServerConnection(connection, callbacks, http2, http2Stats())
  }
}

/** @throws ConfigError */
export function makeHttp2Settings(message: HttpConnectionManager): Http2Settings {
  const options = message.http2ProtocolOptions
  const maxHeadersKb = message.maxRequestHeadersKb ?? defaultHttp2Settings.maxHeadersKb
  if ((options?.maxHeaderFieldSizeKb ?? 0) > maxHeadersKb)
    throw configError(
      options as object,
      'maxHeaderFieldSizeKb',
      `must not exceed max_request_headers_kb (${maxHeadersKb})`,
    )
  const common = message.commonHttpProtocolOptions
  return http2Settings(options, {
    ...defaultHttp2Settings,
    maxHeadersKb,
    maxHeadersCount: common?.maxHeadersCount ?? defaultHttp2Settings.maxHeadersCount,
    headersWithUnderscores: common?.headersWithUnderscoresAction ?? 'ALLOW',
    streamErrorOnInvalidHttpMessage: message.streamErrorOnInvalidHttpMessage ?? false,
    flushTimeoutMs: message.streamFlushTimeout ?? message.streamIdleTimeout ?? defaultHttp2Settings.flushTimeoutMs,
  })
}

function byAlpn(connection: Connection): 'http1' | 'http2' | undefined {
  if (connection.nextProtocol === '') return undefined
  return connection.nextProtocol === 'h2' ? 'http2' : 'http1'
}

/** @returns undefined when more bytes are needed */
function byFirstBytes(data: Uint8Array): 'http1' | 'http2' | undefined {
  const length = Math.min(data.length, sniffed.length)
  for (let i = 0; i < length; i++) if (data[i] !== sniffed.charCodeAt(i)) return 'http1'
  return length === sniffed.length ? 'http2' : undefined
}
