/** The HTTP/1 options of a connection manager as settings of the codec. */
import { toBytes } from '../../../../base/latin1.ts'
import { defaultHttp1Settings, type Http1Settings } from '../../../../codec/http1/settings.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'

export function makeHttp1Settings(message: HttpConnectionManager): Http1Settings {
  const options = message.httpProtocolOptions
  const limits = {
    maxHeadersKb: message.maxRequestHeadersKb ?? defaultHttp1Settings.maxHeadersKb,
    maxHeadersCount: message.commonHttpProtocolOptions?.maxHeadersCount ?? defaultHttp1Settings.maxHeadersCount,
  }
  const streamError = message.streamErrorOnInvalidHttpMessage ?? false
  if (options === undefined) return { ...defaultHttp1Settings, ...limits, streamErrorOnInvalidHttpMessage: streamError }
  return {
    ...defaultHttp1Settings,
    ...limits,
    allowAbsoluteUrl: options.allowAbsoluteUrl ?? true,
    acceptHttp10: options.acceptHttp10,
    defaultHostForHttp10: toBytes(options.defaultHostForHttp10),
    enableTrailers: options.enableTrailers,
    allowChunkedLength: options.allowChunkedLength,
    streamErrorOnInvalidHttpMessage: options.overrideStreamErrorOnInvalidHttpMessage ?? streamError,
    properCaseHeaders: options.headerKeyFormat?.properCaseWords !== undefined,
  }
}
